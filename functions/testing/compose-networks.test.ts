import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { expect, test } from 'vitest'
import { parse } from 'yaml'

const Service = v.object({
  networks: v.pipe(v.array(v.string()), v.nonEmpty()),
  ports: v.optional(v.array(v.string()), []),
  environment: v.optional(v.record(v.string(), v.unknown()), {}),
})
const Compose = v.object({
  services: v.record(v.string(), Service),
  networks: v.record(v.string(), v.nullable(v.object({ internal: v.optional(v.boolean()) }))),
})
const text = readFileSync(join(import.meta.dirname, '../../docker-compose.yml'), 'utf8')
const { services, networks } = v.parse(Compose, parse(text, { merge: true }))
const names = Object.keys(services)
const networksOf = (name: string) => services[name]?.networks ?? []

/** The other services that a service reaches. */
const reachedBy = (name: string) =>
  names.filter((other) => other !== name && networksOf(other).some((network) => networksOf(name).includes(network)))

const functions = ['ingest', 'persist', 'query']
const sources = ['kafka-source', 'dead-letter-source']

test.each([
  ['gateway', functions],
  ['ingest', ['gateway', 'persist', 'query', ...sources, 'kafka']],
  ['query', ['gateway', 'ingest', 'persist', 'mongo']],
  ['persist', ['gateway', 'ingest', 'query', ...sources, 'mongo']],
  ['kafka-source', ['persist', 'dead-letter-source', 'ingest', 'kafka']],
  ['dead-letter-source', ['persist', 'kafka-source', 'ingest', 'kafka']],
])('%s reaches no service but those that it needs, and their neighbors', (name, expected) => {
  const always = reachedBy(name).filter((other) => !['topics', 'ledger', 'log', 'debug'].includes(other))
  expect(always.toSorted()).toEqual(expected.toSorted())
})

test('each service reaches what its environment names', () => {
  for (const [name, { environment }] of Object.entries(services)) {
    const hosts = [...JSON.stringify(environment).matchAll(/(?:\/\/|=|"|,)([a-z]+):\d+/g)].map(([, host = '']) => host)
    const named = hosts.filter((host) => names.includes(host) && host !== name)
    expect(named.filter((host) => !reachedBy(name).includes(host))).toEqual([])
  }
  expect(Object.keys(services)).toContain('gateway')
})

test('Kafka, MongoDB, the sources and the commands have no way to the outside', () => {
  const open = Object.keys(networks).filter((name) => !networks[name]?.internal)
  expect(open.toSorted()).toEqual(['debug', 'front'])
  expect(names.filter((name) => networksOf(name).includes('debug'))).toEqual(['debug'])
  for (const name of ['kafka', 'mongo', 'topics', 'ledger', ...sources])
    expect(networksOf(name).filter((network) => open.includes(network))).toEqual([])
})

test('only this machine reaches the published ports', () => {
  const published = Object.values(services).flatMap(({ ports }) => ports)
  expect(published.length).toBeGreaterThan(0)
  expect(published.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([])
  expect(services['gateway']?.environment).toHaveProperty('ALLOWED_HOSTS')
})

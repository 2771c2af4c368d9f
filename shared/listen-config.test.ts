import * as v from 'valibot'
import { expect, test } from 'vitest'
import { readConfig } from './config.ts'
import { listenEntries, listenOptions } from './listen-config.ts'

const read = (environment: { [name: string]: string }) =>
  listenOptions(readConfig(v.object(listenEntries('8080')), environment))

test('by default only this machine gets in', () => {
  expect(read({})).toEqual({ port: 8080, host: 'localhost', allowedHosts: [], allowedOrigins: [], trustedProxies: [] })
})

test('reads lists', () => {
  expect(
    read({
      HOST: '[::]',
      ALLOWED_HOSTS: 'log.example.com, [2001:db8::1]:8443',
      ALLOWED_ORIGINS: 'https://app.example.com,http://localhost:5173',
    }),
  ).toEqual({
    port: 8080,
    host: '::',
    allowedHosts: ['log.example.com', '[2001:db8::1]:8443'],
    allowedOrigins: ['https://app.example.com', 'http://localhost:5173'],
    trustedProxies: [],
  })
})

test.each([
  ['HOST', 'http://localhost'],
  ['HOST', 'localhost:3000/'],
  ['ALLOWED_HOSTS', 'https://log.example.com'],
  ['ALLOWED_HOSTS', '*'],
  ['ALLOWED_HOSTS', 'a b'],
  ['ALLOWED_ORIGINS', 'log.example.com'],
  ['ALLOWED_ORIGINS', 'null'],
  ['ALLOWED_ORIGINS', '*'],
  ['ALLOWED_ORIGINS', 'https://app.example.com/'],
  ['ALLOWED_ORIGINS', 'https://app.example.com:443'],
])('rejects %s=%s', (name, value) => {
  expect(() => read({ [name]: value })).toThrow(new RegExp(`${name} must be`))
})

test('trusted proxies are addresses and ranges', () => {
  const { TRUSTED_PROXIES: schema } = listenEntries('8080')
  expect(v.parse(schema, undefined)).toEqual([])
  const list = ['127.0.0.1', '10.0.0.0/8', '::1', 'fd00::/8']
  expect(v.parse(schema, list.join(', '))).toEqual(list)
  for (const wrong of ['localhost', '10.0.0.0/33', '10.0.0.0/8/8', '10.0.0', '::1/129', 'a/8'])
    expect(v.safeParse(schema, wrong).success, wrong).toBe(false)
})

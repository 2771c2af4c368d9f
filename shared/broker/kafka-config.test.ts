import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { type Environment, readConfig } from '../config.ts'
import { kafkaConnection, kafkaEntries, kafkaRule } from './kafka-config.ts'

const read = (environment: Environment) => readConfig(v.object(kafkaEntries), environment, kafkaRule)
const brokers = { KAFKA_BROKERS: 'one:9092, two.example.org:9093' }
const credentials = { KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512', KAFKA_USERNAME: 'alice', KAFKA_PASSWORD: 'secret' }
const ca = '-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----'

test('brokers alone are enough', () => {
  const config = read(brokers)
  expect(config.KAFKA_TOPIC).toBe('activities')
  expect(kafkaConnection(config)).toEqual({ brokers: ['one:9092', 'two.example.org:9093'] })
})

test('credentials and TLS become part of the connection', () => {
  expect(kafkaConnection(read({ ...brokers, ...credentials, KAFKA_TLS: 'true', KAFKA_TLS_CA: ca }))).toEqual({
    brokers: ['one:9092', 'two.example.org:9093'],
    sasl: { mechanism: 'SCRAM-SHA-512', username: 'alice', password: 'secret' },
    tls: { ca },
  })
  expect(kafkaConnection(read({ ...brokers, KAFKA_TLS: 'true' }))).toHaveProperty('tls', {})
  expect(kafkaConnection(read({ ...brokers, KAFKA_TLS: 'false' }))).not.toHaveProperty('tls')
})

describe('an error names its variable', () => {
  test.each<[string, Environment, string]>([
    ['no brokers', {}, 'KAFKA_BROKERS is required'],
    ['no port', { KAFKA_BROKERS: 'kafka' }, 'KAFKA_BROKERS must be a comma-separated list'],
    ['a port beyond 65535', { KAFKA_BROKERS: 'kafka:65536' }, 'KAFKA_BROKERS must be'],
    ['an empty broker', { KAFKA_BROKERS: 'kafka:9092,' }, 'KAFKA_BROKERS must be'],
    ['a URL', { KAFKA_BROKERS: 'kafka://kafka:9092' }, 'KAFKA_BROKERS must be'],
    ['a topic with a blank', { ...brokers, KAFKA_TOPIC: 'my topic' }, 'KAFKA_TOPIC must be'],
    [
      'another mechanism',
      { ...brokers, ...credentials, KAFKA_SASL_MECHANISM: 'GSSAPI' },
      'KAFKA_SASL_MECHANISM must be',
    ],
    ['no password', { ...brokers, ...credentials, KAFKA_PASSWORD: '' }, 'KAFKA_PASSWORD is required'],
    ['no mechanism', { ...brokers, ...credentials, KAFKA_SASL_MECHANISM: '' }, 'KAFKA_SASL_MECHANISM is required'],
    ['TLS that is neither on nor off', { ...brokers, KAFKA_TLS: 'yes' }, 'KAFKA_TLS must be true or false'],
    [
      'authorities that are not PEM',
      { ...brokers, KAFKA_TLS: 'true', KAFKA_TLS_CA: '/etc/ca.pem' },
      'KAFKA_TLS_CA must be',
    ],
    ['authorities without TLS', { ...brokers, KAFKA_TLS_CA: ca }, 'KAFKA_TLS must be true if KAFKA_TLS_CA is set'],
  ])('%s', (_what, environment, message) => {
    expect(() => read(environment)).toThrow(`\n  ${message}`)
  })

  test('all errors in one message, and never the password', () => {
    const environment = { KAFKA_BROKERS: 'x', KAFKA_TLS: 'maybe', KAFKA_USERNAME: 'alice', KAFKA_PASSWORD: 'secret' }
    expect(() => read(environment)).toThrow(/KAFKA_BROKERS.*KAFKA_TLS.*KAFKA_SASL_MECHANISM/s)
    expect(() => read(environment)).not.toThrow('secret')
  })
})

import { kafkaRule } from '@activity-log/shared/broker/kafka-config.ts'
import { readConfig } from '@activity-log/shared/config.ts'
import { expect, test } from 'vitest'
import { Config } from './config.ts'

const read = (environment: { [name: string]: string }) =>
  readConfig(Config, { KAFKA_BROKERS: 'kafka:9092', ...environment }, kafkaRule)

test('requires only the brokers', () => {
  expect(read({})).toMatchObject({
    KAFKA_TOPIC: 'activities',
    KAFKA_DEAD_LETTER_TOPIC: 'activities-dead-letter',
    KAFKA_GROUP: 'persist',
    SINK_URL: 'http://localhost:8081',
  })
})

test.each(['persist:8080', 'ftp://persist', 'http://', 'http:// '])('rejects %j as a sink', (SINK_URL) => {
  expect(() => read({ SINK_URL })).toThrow(/SINK_URL must be a URL/)
})

test.each(['http://user:secret@persist', 'http://token@persist'])('rejects credentials, as in %j', (SINK_URL) => {
  expect(() => read({ SINK_URL })).toThrow(/SINK_URL must not contain a user or a password/)
})

test('names every invalid variable', () => {
  expect(() => read({ KAFKA_BROKERS: 'kafka', LOG_LEVEL: 'loud' })).toThrow(/KAFKA_BROKERS .*\n.*LOG_LEVEL /)
})

test('answers for its health only where it is told to', () => {
  expect(read({}).HEALTH_PORT).toBeUndefined()
  expect(read({ HEALTH_PORT: '8090' })).toMatchObject({ HEALTH_PORT: 8090, HOST: 'localhost' })
  expect(() => read({ HEALTH_PORT: 'x' })).toThrow(/HEALTH_PORT must be a port/)
})

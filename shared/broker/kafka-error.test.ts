import { describe, expect, test } from 'vitest'
import { ConfigError } from '../config.ts'
import { kafkaErrorKind, kafkaMistake } from './kafka-error.ts'

const anError = (fields: object) => Object.assign(new Error('from kafkajs'), fields)
const wrapped = (fields: object) => new Error('retries exceeded', { cause: anError(fields) })

test.each<[string, object, string]>([
  ['a lost connection', { name: 'KafkaJSConnectionClosedError', retriable: true }, 'silent'],
  [
    'a transient error that kafkajs marks as not retriable',
    { name: 'KafkaJSNonRetriableError', retriable: false },
    'silent',
  ],
  ['missing replicas', { type: 'NOT_ENOUGH_REPLICAS', retriable: true }, 'not now'],
  ['a leader that has moved', { type: 'NOT_LEADER_FOR_PARTITION', retriable: true }, 'not now'],
  ['an unknown topic', { type: 'UNKNOWN_TOPIC_OR_PARTITION', retriable: false }, 'not now'],
  ['a record that is too large', { type: 'MESSAGE_TOO_LARGE', retriable: false }, 'rejected'],
  ['a missing permission', { type: 'TOPIC_AUTHORIZATION_FAILED', retriable: false }, 'rejected'],
  ['a wrong password', { name: 'KafkaJSSASLAuthenticationError' }, 'rejected'],
])('%s: %j is %s', (_what, fields, kind) => {
  expect(kafkaErrorKind(anError(fields))).toBe(kind)
  expect(kafkaErrorKind(wrapped(fields))).toBe(kind)
  expect(kafkaErrorKind(new AggregateError([wrapped(fields)]))).toBe(kind)
})

describe('a configuration error', () => {
  test.each<[object, RegExp]>([
    [{ name: 'KafkaJSSASLAuthenticationError' }, /\n {2}KAFKA_USERNAME and KAFKA_PASSWORD /],
    [{ type: 'UNSUPPORTED_SASL_MECHANISM' }, /\n {2}KAFKA_SASL_MECHANISM /],
    [{ type: 'ILLEGAL_SASL_STATE' }, /\n {2}KAFKA_SASL_MECHANISM /],
    [{ type: 'TOPIC_AUTHORIZATION_FAILED' }, /\n {2}KAFKA_TOPIC names the topic logs, .*KAFKA_USERNAME/],
    [{ type: 'UNKNOWN_TOPIC_OR_PARTITION' }, /\n {2}KAFKA_TOPIC .*--create --topic logs/],
  ])('%j names its variable', (fields, words) => {
    const mistake = kafkaMistake(wrapped(fields), 'logs')
    expect(mistake).toBeInstanceOf(ConfigError)
    expect(mistake?.message).toMatch(words)
  })

  test('is not reported for an outage', () => {
    expect(kafkaMistake(wrapped({ name: 'KafkaJSConnectionClosedError' }), 'logs')).toBeUndefined()
    expect(kafkaMistake(wrapped({ type: 'NOT_ENOUGH_REPLICAS' }), 'logs')).toBeUndefined()
  })
})

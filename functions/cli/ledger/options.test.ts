import { expect, test } from 'vitest'
import { readOptions } from './options.ts'

const environment = { MONGODB_URI: 'mongodb://localhost', KAFKA_BROKERS: 'kafka:9092', KAFKA_TOPIC: 'theirs' }

test('options stand before variables', () => {
  const args = ['--brokers', 'a:1,b:2', '--dead-letter-topic', 'dead', '--write-off']
  expect(readOptions(args, environment)).toMatchObject({
    KAFKA_BROKERS: ['a:1', 'b:2'],
    KAFKA_TOPIC: 'theirs',
    KAFKA_DEAD_LETTER_TOPIC: 'dead',
    writeOff: true,
    json: false,
  })
})

test('every mistake is said, with how it is meant', () => {
  const read = () => readOptions(['--brokers', 'a', '--topic', '*', '--drop'], { KAFKA_USERNAME: 'u' })
  expect(read).toThrow(/KAFKA_BROKERS .*KAFKA_TOPIC .*MONGODB_URI .*KAFKA_SASL_MECHANISM .*'--drop'.*Usage: /s)
  expect(() => readOptions(['other'], environment)).toThrow(/other/)
  expect(() => readOptions(['--topic'], environment)).toThrow(/--topic/)
})

test('help needs no configuration', () => {
  expect(readOptions(['--help'], {})).toBeUndefined()
})

import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { ConfigError, LogLevel, Port, readConfig } from './config.ts'

const Config = v.object({ PORT: Port('8080'), LOG_LEVEL: LogLevel, BROKERS: v.string() })

test('reads the variables that the schema names, each as its type, and no others', () => {
  const environment = { PORT: '0', LOG_LEVEL: 'debug', BROKERS: 'kafka:9092', HOME: '/root' }
  expect(readConfig(Config, environment)).toEqual({ PORT: 0, LOG_LEVEL: 'debug', BROKERS: 'kafka:9092' })
})

test('an empty variable counts as not set', () => {
  const environment = { PORT: '', LOG_LEVEL: '', BROKERS: 'kafka:9092' }
  expect(readConfig(Config, environment)).toEqual({ PORT: 8080, LOG_LEVEL: 'info', BROKERS: 'kafka:9092' })
})

test('reports all errors in one message', () => {
  const read = () => readConfig(Config, { PORT: 'http', LOG_LEVEL: 'loud', BROKERS: '' })
  expect(read).toThrow(ConfigError)
  expect(read).toThrow(
    [
      'Invalid configuration:',
      '  PORT must be a port: 0 to 65535',
      '  LOG_LEVEL must be silent, fatal, error, warn, info, debug or trace',
      '  BROKERS is required',
    ].join('\n'),
  )
})

describe('a port', () => {
  test.each([
    ['0', 0],
    ['80', 80],
    ['65535', 65_535],
  ])('accepts %s', (text, port) => expect(v.parse(Port('1'), text)).toBe(port))
  test.each(['65536', '-1', '1.5', '1e3', ' 80', '0x50', '٣', '100000', '000080'])('rejects %j', (text) => {
    expect(v.is(Port('1'), text)).toBe(false)
  })
})

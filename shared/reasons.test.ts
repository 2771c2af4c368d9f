import { expect, test } from 'vitest'
import { isFault, reasons } from './reasons.ts'

const refused = new Error('connect ECONNREFUSED 127.0.0.1:9092')

test.each<[string, unknown, string]>([
  ['an error', refused, 'connect ECONNREFUSED 127.0.0.1:9092'],
  ['an error with its cause', new Error('not published', { cause: refused }), `not published: ${refused.message}`],
  [
    'an error that repeats its cause',
    new Error(`Failed: ${refused.message}`, { cause: refused }),
    `Failed: ${refused.message}`,
  ],
  ['several equal errors', new AggregateError([refused, refused], 'All promises were rejected'), refused.message],
  ['several different errors', new AggregateError([new Error('a'), new Error('b')]), 'a: b'],
  ['a value that is not an Error', 'text', 'text'],
  ['undefined', undefined, ''],
])('%s is one line', (_what, error, line) => {
  expect(reasons(error)).toBe(line)
})

test.each<[string, unknown, boolean]>([
  ['a mistake in a program', new TypeError('x is undefined'), true],
  ['a mistake that caused another error', new Error('not saved', { cause: new RangeError('too long') }), true],
  ['a mistake among several errors', new AggregateError([refused, new TypeError('x is undefined')]), true],
  ['an outage', new Error('not saved', { cause: refused }), false],
  ['an outage that fetch reports as a TypeError', new TypeError('fetch failed', { cause: refused }), false],
  ['nothing', undefined, false],
])('tells a fault from an outage: %s', (_what, error, expected) => {
  expect(isFault(error)).toBe(expected)
})

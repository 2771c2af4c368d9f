import { expect, test } from 'vitest'
import { entityTag, isKnown } from './conditional.ts'

test('an entity tag is strong, and differs for different texts', () => {
  expect(entityTag('a')).toMatch(/^"[\w-]{22}"$/)
  expect(entityTag('a')).toBe(entityTag('a'))
  expect(entityTag('a')).not.toBe(entityTag('b'))
})

test.each([
  ['"x"', true],
  ['W/"x"', true],
  ['"a", "x"', true],
  ['"a,b" ,W/"x"', true],
  ['*', true],
  [' * ', true],
  ['"y"', false],
  ['"a, x"', false],
  ['x', false],
  ['"*"', false],
  ['"x', false],
  ['', false],
  [undefined, false],
])('If-None-Match: %s', (header, expected) => {
  expect(isKnown('"x"', header)).toBe(expected)
})

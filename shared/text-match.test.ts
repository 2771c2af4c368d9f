import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { JsonValue } from './json.ts'
import { textMatcher } from './text-match.ts'

/** All names and scalars, one by one. */
function textsOf(value: JsonValue): string[] {
  if (value === null || typeof value !== 'object') return [String(value)]
  const names = Array.isArray(value) ? [] : Object.keys(value)
  return [...names, ...Object.values(value).flatMap(textsOf)]
}

test('finds the same as a search through all names and scalars', () => {
  const letter = fc.constantFrom(
    'a',
    'A',
    'Σ',
    'σ',
    'ς',
    'İ',
    'ß',
    '"',
    '\\',
    '\n',
    '\t',
    ':',
    ',',
    '{',
    '1',
    'é',
    '😀',
    ' ',
  )
  const text = fc.string({ unit: letter, maxLength: 4 })
  const metadata = fc.dictionary(
    text,
    fc.oneof(text, fc.constantFrom(1, 1e21, -0.5, true, null), fc.array(text), fc.dictionary(text, text)),
  )
  const searched = fc.string({ unit: letter, minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(text, text, metadata, searched, (userId, action, metadata, asked) => {
      const wanted = asked.toLowerCase()
      const texts = [userId, action, ...textsOf(metadata as JsonValue)]
      const metadataText = JSON.stringify(metadata)
      expect(textMatcher(wanted)({ userId, action, metadataText })).toBe(
        texts.some((each) => each.toLowerCase().includes(wanted)),
      )
    }),
    { numRuns: 2000 },
  )
})

test('finds only users and actions without metadata', () => {
  const matches = textMatcher('null')
  expect(matches({ userId: 'a', action: 'b', metadataText: null })).toBe(false)
  expect(matches({ userId: 'a', action: 'is NULL', metadataText: null })).toBe(true)
})

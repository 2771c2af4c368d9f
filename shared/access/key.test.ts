import { expect, test } from 'vitest'
import { findKey, hashOfKey, newKey, readKey } from './key.ts'

test('a key is 66 characters in four parts, and no two are the same', () => {
  const keys = Array.from({ length: 200 }, newKey)
  for (const { id, text } of keys) {
    expect(text).toMatch(/^als_[0-9A-Za-z]{11}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$/)
    expect(readKey(text)).toEqual({ id, text })
    expect(hashOfKey({ id, text })).toMatch(/^[\w-]{43}$/)
  }
  expect(new Set(keys.map(({ text }) => text)).size).toBe(200)
  // each digit stands where chance puts it
  expect(new Set(keys.flatMap(({ text }) => [...text.slice(16, 59)])).size).toBe(62)
})

test('the checksum finds every single wrong character', () => {
  const { text } = newKey()
  for (let at = 0; at < text.length; at++) {
    const other = text[at] === 'x' ? 'y' : 'x'
    expect(readKey(text.slice(0, at) + other + text.slice(at + 1))).toBeUndefined()
  }
  expect(readKey(`${text} `)).toBeUndefined()
  expect(readKey(text.toUpperCase())).toBeUndefined()
  expect(readKey(text.slice(0, -1))).toBeUndefined()
  expect(readKey('')).toBeUndefined()
})

test('finds a key anywhere in a text', () => {
  const key = newKey()
  expect(findKey(`/logs?userId=${key.text}&page=1`)).toEqual(key)
  expect(findKey(`/logs/${key.text}`)).toEqual(key)
  expect(findKey(`/logs?userId=als_and_more`)).toBeUndefined()
  // what only looks like a key hides none
  const decoy = `als_${'a'.repeat(11)}_${'b'.repeat(43)}_`
  for (const before of [`${decoy}cccccc&`, `${decoy}ccc`, 'x', 'als_']) {
    expect(findKey(`/logs?key=${before}${key.text}x`)).toEqual(key)
  }
})

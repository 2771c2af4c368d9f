import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { gzip, prefersGzip } from './gzip.ts'

test.each([
  [undefined, false],
  ['', false],
  ['gzip', true],
  ['GZIP', true],
  ['x-gzip', true],
  ['br, gzip;q=0.5', true],
  ['*', true],
  ['*;q=0', false],
  ['gzip;q=0', false],
  ['gzip;q=0, *', false],
  ['gzip; q=0.0', false],
  ['br', false],
  ['identity', false],
  ['identity, gzip;q=0.5', false],
  ['identity;q=0.5, gzip;q=0.5', true],
  ['identity;q=0, *;q=0.1', true],
])('Accept-Encoding: %s', (header, expected) => {
  expect(prefersGzip(header)).toBe(expected)
})

async function* numbers(count: number, after: () => void = () => {}) {
  try {
    for (let n = 0; n < count; n++) yield Buffer.from(`${n}\n`)
  } finally {
    after()
  }
}

test('compresses part by part', async () => {
  const parts: Uint8Array[] = []
  for await (const part of gzip(numbers(10_000))) parts.push(part)
  expect(gunzipSync(Buffer.concat(parts)).toString().split('\n')).toHaveLength(10_001)
})

test('a failed stream has no trailer', async () => {
  async function* failing() {
    yield* numbers(10_000)
    throw new Error('broken')
  }
  const parts: Uint8Array[] = []
  const read = async () => {
    for await (const part of gzip(failing())) parts.push(part)
  }
  await expect(read()).rejects.toThrow('broken')
  expect(() => gunzipSync(Buffer.concat(parts))).toThrow()
})

test('a stream that is no longer read closes its source', async () => {
  const ended = Promise.withResolvers<void>()
  for await (const _ of gzip(numbers(1e9, ended.resolve))) break
  await ended.promise
})

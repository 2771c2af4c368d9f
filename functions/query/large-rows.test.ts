import { type Answer, recorded, silent } from '@activity-log/shared/testing/builders.ts'
import { openTestStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { beforeAll, expect, test } from 'vitest'
import { createApp } from './app.ts'

const count = 120
const mebibyte = 1024 * 1024
/** As objects, this metadata takes twenty times the memory of its text, which is 32 KB. */
const metadata = { a: Array(10_000).fill({}), name: '☃' }
const at = (n: number) => new Date(Date.UTC(2024, 0, 15, 10, n)).toISOString()
const ids = Array.from({ length: count }, (_, n) => `id-${n}`)

let get: (url: string) => Promise<Response>
beforeAll(async () => {
  const store = openTestStore()
  await store.save(ids.map((id, n) => recorded({ id, timestamp: at(n), metadata })))
  const app = createApp({ store, log: silent, now: () => new Date() })
  get = async (url) => app.request(url)
})

async function page(url: string): Promise<Answer & { truncated?: true }> {
  const response = await get(url)
  const text = await response.text()
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(mebibyte)
  return JSON.parse(text)
}

test.each([
  '/logs?limit=1000&order=asc',
  '/logs?limit=50&order=asc',
])('a page ends at 1 MiB, and next leads to each of the rest once: %s', async (start) => {
  const seen: string[] = []
  for (let url: string | null = start; url; ) {
    const answer = await page(url)
    if (answer.next) expect(answer.truncated).toBe(true)
    expect(answer.data[0]?.metadata).toEqual(metadata)
    seen.push(...answer.data.map(({ id }) => id))
    url = answer.next
  }
  expect(seen).toEqual(ids)
})

test('previous leads back to each of them once', async () => {
  const seen: string[] = []
  const last = await page('/logs?limit=1&page=120&order=asc')
  let url = last.previous?.replace('limit=1', 'limit=1000')
  while (url) {
    const answer = await page(url)
    seen.unshift(...answer.data.map(({ id }) => id))
    url = answer.previous ?? undefined
  }
  expect(seen).toEqual(ids.slice(0, -1))
})

test('a page by number starts at its row', async () => {
  const second = await page('/logs?limit=50&page=2&order=asc')
  expect([second.data[0]?.id, second.truncated]).toEqual(['id-50', true])
})

test('a page of rows that fit is whole', async () => {
  const answer = await page('/logs?limit=10')
  expect([answer.data.length, answer.truncated]).toEqual([10, undefined])
})

test('what a user did around an activity ends at 1 MiB, nearest first', async () => {
  const response = await get('/logs/id-60/context?around=100')
  const text = await response.text()
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(mebibyte + 64 * 1024)
  const { before, after, truncated } = JSON.parse(text)
  expect([before.at(-1).id, after[0].id, truncated]).toEqual(['id-59', 'id-61', true])
})

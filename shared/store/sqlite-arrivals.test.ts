import { expect, test } from 'vitest'
import { recorded } from '../testing/builders.ts'
import { openMemoryStore } from '../testing/sqlite-test-store.ts'

test('the arrivals of one tenant are found among thousands of another, in steps, at both ends of each step', async () => {
  await using store = openMemoryStore()
  const own = new Set([0, 499, 500, 501, 999, 1000, 1499, 1500])
  const all = Array.from({ length: 1501 }, (_, n) => recorded({ id: `${n}` }, n, own.has(n) ? 'quiet' : 'busy'))
  await store.save(all)
  const offsetsOf = async (tenant: string, limit: number) => {
    const found = await store.arrivals({ tenant, partition: 0, first: 0, last: 1500, limit })
    return found.map(({ position }) => position.offset)
  }
  expect(await offsetsOf('quiet', 100)).toEqual([...own])
  expect(await offsetsOf('quiet', 3)).toEqual([0, 499, 500])
  expect(await offsetsOf('busy', 2000)).toHaveLength(all.length - own.size)
  expect(await offsetsOf('nobody', 10)).toEqual([])
})

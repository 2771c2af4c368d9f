import { TooBroad } from '@activity-log/shared/store/activities.ts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { findBounded, type Part } from './find-bounded.ts'

const rowsOf = (sizes: readonly number[]) => sizes.map((size, n) => ({ key: String(n).padStart(4, '0'), size }))

/** Finds like a store, and remembers the most bytes that one part had. */
function finder(rows: ReturnType<typeof rowsOf>) {
  const parts: number[] = []
  const find = async ({ limit, after, skip = 0 }: Part) => {
    const rest = after === undefined ? rows : rows.filter(({ key }) => key > after)
    const found = rest.slice(skip, skip + limit)
    parts.push(found.reduce((sum, { size }) => sum + size, 0))
    return { found }
  }
  return { find, parts }
}
const sizeOf = ({ size }: { size: number }) => size

test('finds the rows that fit, in order, and at least one', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 100 }), { maxLength: 200 })
  await fc.assert(
    fc.asyncProperty(
      sizes,
      fc.integer({ min: 1, max: 250 }),
      fc.nat(20),
      fc.nat(2000),
      async (sizes, limit, skip, max) => {
        const rows = rowsOf(sizes)
        const { found, isCut } = await findBounded(finder(rows).find, { order: 'asc', limit, skip }, sizeOf, max)
        const wanted = rows.slice(skip, skip + limit)
        expect(found).toEqual(wanted.slice(0, found.length))
        expect(isCut).toBe(found.length < wanted.length)
        const bytes = (rows: { size: number }[]) => rows.reduce((sum, { size }) => sum + size, 0)
        if (found.length > 1) expect(bytes(found)).toBeLessThanOrEqual(max)
        if (isCut) expect(bytes(wanted.slice(0, found.length + 1))).toBeGreaterThan(max)
      },
    ),
  )
})

test('small rows take two parts, and large ones never more bytes at once than the first part', async () => {
  const small = finder(rowsOf(Array(1000).fill(1)))
  await findBounded(small.find, { order: 'asc', limit: 1000 }, sizeOf, 100_000)
  expect(small.parts).toHaveLength(2)
  const large = finder(rowsOf(Array(1000).fill(1000)))
  const { found } = await findBounded(large.find, { order: 'asc', limit: 1000 }, sizeOf, 50_000)
  expect(found).toHaveLength(50)
  expect(Math.max(...large.parts)).toBeLessThanOrEqual(33_000)
})

test('all parts of a search share its time, and its rows end where that was up', async () => {
  const rows = rowsOf(Array(100).fill(1))
  const given: number[] = []
  const find = async ({ limit, after = '', withinMs = 0 }: Part) => {
    given.push(withinMs)
    const found = rows.filter(({ key }) => key > after).slice(0, limit)
    return after === '' ? { found } : { found: found.slice(0, 2), through: '0090' }
  }
  const { found, isCut, through } = await findBounded(find, { order: 'asc', limit: 100 }, sizeOf)
  expect([found, isCut, through]).toEqual([rows.slice(0, 35), false, '0090'])
  expect(given[1]).toBeLessThan(given[0] as number)
})

test('if a later part finds nothing in time, the rows end with those of the parts before it', async () => {
  const rows = rowsOf(Array(100).fill(1))
  const find = async ({ limit, after }: Part) => {
    if (after !== undefined) throw new TooBroad('')
    return { found: rows.slice(0, limit) }
  }
  const { found, through } = await findBounded(find, { order: 'asc', limit: 100 }, sizeOf)
  expect([found, through]).toEqual([rows.slice(0, 33), '0032'])
  const alone = findBounded(
    () => Promise.reject(new TooBroad('')),
    { order: 'asc', limit: 100 },
    () => 1,
  )
  await expect(alone).rejects.toBeInstanceOf(TooBroad)
})

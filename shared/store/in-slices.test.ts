import { expect, test } from 'vitest'
import { inSlices } from './in-slices.ts'

test('however much there is to parse, others have their turn in between', async () => {
  let turns = 0
  const tick = () => {
    turns++
    next = setImmediate(tick)
  }
  let next = setImmediate(tick)
  const rows = Array.from({ length: 40 }, () => ({ metadata: 'x'.repeat(32 * 1024) }))
  const parsedAt = await inSlices(rows, () => turns)
  clearImmediate(next)
  expect(new Set(parsedAt).size).toBe(5)
})

test('a few rows are parsed at once', async () => {
  let isLater = false
  setImmediate(() => {
    isLater = true
  })
  expect(await inSlices([{ metadata: null }, { headers: '{}' }], (row) => row)).toHaveLength(2)
  expect(isLater).toBe(false)
})

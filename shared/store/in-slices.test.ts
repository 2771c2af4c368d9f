import { expect, test } from 'vitest'
import { inSlices } from './in-slices.ts'

test('lets others take turns while it parses many rows', async () => {
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

test('parses a few rows without a pause', async () => {
  let isLater = false
  setImmediate(() => {
    isLater = true
  })
  expect(await inSlices([{ metadata: null }, { headers: '{}' }], (row) => row)).toHaveLength(2)
  expect(isLater).toBe(false)
})

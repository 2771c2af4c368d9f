import { expect, test } from 'vitest'
import { openSlots, type SlotKind, slotSizes } from './slots.ts'

const sizes = { ...slotSizes, reads: 4, waits: 8 }
const takeAll = (take: () => boolean) => {
  let taken = 0
  while (taken < 100 && take()) taken++
  return taken
}

test('each kind has slots of its own', () => {
  const slots = openSlots(sizes)
  expect(takeAll(() => slots.take('waits', undefined))).toBe(8)
  expect(takeAll(() => slots.take('reads', undefined))).toBe(4)
})

test('a peer gets a quarter of each kind, and the others get the rest', () => {
  const slots = openSlots(sizes)
  expect(takeAll(() => slots.take('waits', 'a'))).toBe(2)
  expect(takeAll(() => slots.take('waits', 'b'))).toBe(2)
  expect(slots.take('reads', 'a')).toBe(true)
  expect(takeAll(() => slots.take('waits', undefined))).toBe(4)
})

test('a slot that is released can be taken again', () => {
  const slots = openSlots(sizes)
  const kinds: readonly SlotKind[] = ['waits', 'reads', 'waits']
  for (const kind of kinds) expect(slots.take(kind, 'a')).toBe(true)
  expect(slots.take('waits', 'a')).toBe(false)
  for (const kind of kinds) slots.release(kind, 'a')
  expect(takeAll(() => slots.take('waits', 'a'))).toBe(2)
})

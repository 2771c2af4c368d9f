import fc from 'fast-check'
import { expect, test } from 'vitest'
import { summarize, toRanges } from './ledger-summary.ts'
import type { Position } from './receipt.ts'
import {
  decodeSnapshot,
  encodeSnapshot,
  hasRecord,
  isTooLong,
  maxMissing,
  maxMissingLive,
  newSince,
  type PartitionRange,
  type Snapshot,
  snapshotOf,
  withRanges,
  withRecords,
} from './snapshot.ts'
import { toToken } from './token.ts'

const positions = fc.array(fc.record({ partition: fc.integer({ min: 0, max: 3 }), offset: fc.nat(30) }), {
  maxLength: 40,
})
const everywhere = [0, 1, 2, 3].flatMap((partition) =>
  Array.from({ length: 32 }, (_, offset) => ({ partition, offset })),
)
const name = ({ partition, offset }: Position) => `${partition}/${offset}`
const heldBy = (snapshot: Snapshot) => everywhere.filter((position) => hasRecord(snapshot, position)).map(name)

function ledgerOf(known: readonly Position[]) {
  const partitions = [...new Set(known.map(({ partition }) => partition))].sort()
  return {
    partitions: partitions.map((partition) => {
      const offsets = known.filter((each) => each.partition === partition).map(({ offset }) => offset)
      const ranges = toRanges(offsets.sort((a, b) => a - b).map((offset) => ({ offset, outcome: 'stored' as const })))
      return summarize(partition, ranges, false)
    }),
  }
}

test('holds exactly the records that the ledger knows and those that were added, also as text', () => {
  fc.assert(
    fc.property(positions, positions, (known, added) => {
      const snapshot = withRecords(snapshotOf(ledgerOf(known)).snapshot, added)
      expect(heldBy(snapshot)).toEqual([...new Set([...known, ...added].map(name))].sort(byPlace))
      expect(decodeSnapshot(encodeSnapshot(snapshot))).toEqual(snapshot)
      expect(encodeSnapshot(snapshot)).toMatch(/^[\w-]+$/)
    }),
  )
})

test('tells what is new since another snapshot, and equals the later one once that is added', () => {
  fc.assert(
    fc.property(positions, positions, (known, added) => {
      const { snapshot: before } = snapshotOf(ledgerOf(known))
      const now = withRecords(before, added)
      const fresh = newSince(before, now)
      const held = heldBy(before)
      expect(fresh.flatMap(namesIn)).toEqual(heldBy(now).filter((each) => !held.includes(each)))
      expect(heldBy(withRanges(before, fresh))).toEqual(heldBy(now))
      expect(newSince(now, before)).toEqual([])
    }),
  )
})

test('holds every record whose position is unknown', () => {
  expect(hasRecord([], { partition: -1, offset: 7 })).toBe(true)
  expect(withRecords([], [{ partition: -1, offset: 7 }])).toEqual([])
})

test('ends before the first gap beyond its maximum, and says that it is not whole', () => {
  const offsets = Array.from({ length: 1000 }, (_, n) => ({ partition: 0, offset: 2 * n }))
  const { snapshot, isWhole } = snapshotOf(ledgerOf(offsets))
  expect(isWhole).toBe(false)
  expect(isTooLong(snapshot)).toBe(false)
  expect(snapshot).toMatchObject([{ last: 2 * maxMissing }])
  expect(isTooLong(withRecords(snapshot, [{ partition: 0, offset: 5000 }]))).toBe(true)
  expect(snapshotOf(ledgerOf(offsets.slice(0, maxMissing + 1))).isWhole).toBe(true)
  const [summary] = ledgerOf(offsets.slice(0, 1)).partitions
  expect(snapshotOf({ partitions: [{ ...summary!, uncounted: true }] }).isWhole).toBe(false)
})

test('may not have more gaps than the reader allows', () => {
  const withMissing = (count: number) => {
    const missing = Array.from({ length: count }, (_, n) => ({ first: 2 * n, last: 2 * n }))
    return [{ partition: 0, last: 2 * count, missing }]
  }
  for (const max of [maxMissing, maxMissingLive]) {
    expect(decodeSnapshot(encodeSnapshot(withMissing(max)), max)).toEqual(withMissing(max))
    expect(decodeSnapshot(encodeSnapshot(withMissing(max + 1)), max)).toContain('not a snapshot')
  }
})

test('takes a hundred characters for twelve partitions of a million records', () => {
  const snapshot = Array.from({ length: 12 }, (_, partition) => ({
    partition,
    last: 1_000_000 + partition,
    missing: [],
  }))
  expect(encodeSnapshot(snapshot).length).toBeLessThan(110)
})

test('keeps the largest offset', () => {
  const snapshot = [{ partition: 0, last: Number.MAX_SAFE_INTEGER - 1, missing: [] }]
  expect(decodeSnapshot(encodeSnapshot(snapshot))).toEqual(snapshot)
})

const text = encodeSnapshot([{ partition: 0, last: 100, missing: [{ first: 3, last: 7 }] }])

test('is rejected when any one character differs', () => {
  for (let at = 0; at < text.length; at++) {
    for (const character of 'AQgw_') {
      const tampered = text.slice(0, at) + character + text.slice(at + 1)
      if (tampered !== text) expect(decodeSnapshot(tampered)).toContain('not a snapshot of this log')
    }
  }
})

test.each<[string, number[]]>([
  ['nothing', []],
  ['no number of partitions', [2]],
  ['less content than it declares', [2, 2, 0, 5, 0]],
  ['more content than it declares', [2, 1, 0, 5, 0, 9]],
  ['a number without an end', [2, 1, 0, 0x85]],
  ['a number that is too large', [2, 1, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0]],
  ['partitions out of order', [2, 2, 1, 5, 0, 0, 5, 0]],
  ['a partition twice', [2, 2, 1, 5, 0, 1, 5, 0]],
  ['a gap beyond the last', [2, 1, 0, 5, 1, 3, 9]],
  ['gaps without end', [2, 1, 0, 5, 0xff, 0xff, 0xff, 0x7f]],
])('is rejected with %s, even if its checksum is right', (_what, bytes) => {
  expect(decodeSnapshot(toToken(Buffer.from(bytes)))).toContain('not a snapshot of this log')
})

test('has no more partitions than a ledger counts', () => {
  const partitions = (count: number) =>
    encodeSnapshot(Array.from({ length: count }, (_, partition) => ({ partition, last: 1, missing: [] })))
  expect(decodeSnapshot(partitions(1_000))).toHaveLength(1_000)
  expect(decodeSnapshot(partitions(1_001))).toContain('not a snapshot of this log')
})

test('is rejected when another version made it', () => {
  expect(decodeSnapshot(toToken(Buffer.from([1, 0])))).toContain('another version')
})

function namesIn({ partition, first, last }: PartitionRange): string[] {
  return Array.from({ length: last - first + 1 }, (_, n) => name({ partition, offset: first + n }))
}

function byPlace(a: string, b: string): number {
  const [partition = 0, offset = 0] = a.split('/').map(Number)
  const [otherPartition = 0, otherOffset = 0] = b.split('/').map(Number)
  return partition - otherPartition || offset - otherOffset
}

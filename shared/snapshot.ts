import { isCounted, type LedgerSummary, maxPartitions, type OffsetRange } from './ledger-summary.ts'
import type { Position } from './receipt.ts'
import { readToken, toToken } from './token.ts'

/**
 * The log as it was at a moment: the records it had. In each partition named, these are all offsets through `last`
 * except the missing ones; it had no others. Partitions and gaps are in ascending order.
 */
export type Snapshot = readonly PartitionSnapshot[]
export type PartitionSnapshot = { partition: number; last: number; missing: readonly OffsetRange[] }

/** The maximum number of gaps in all partitions together: more would make the text too long for a link. */
export const maxMissing = 200
/** The snapshot that a live stream continues from lies between two others, and may have the gaps of both. */
export const maxMissingLive = 5 * maxMissing

const none: Omit<PartitionSnapshot, 'partition'> = { last: -1, missing: [] }

/**
 * The snapshot of a ledger, as far as one can hold it: a partition with too many gaps ends before the first gap in
 * excess. `isWhole` says whether it contains everything that is stored.
 */
export function snapshotOf({ partitions }: Pick<LedgerSummary, 'partitions'>): {
  snapshot: Snapshot
  isWhole: boolean
} {
  const whole = partitions.map(({ partition, last, missing }) => ({ partition, last, missing }))
  const isCounted = !partitions.some(({ uncounted }) => uncounted)
  if (!isTooLong(whole)) return { snapshot: whole, isWhole: isCounted }
  const max = Math.floor(maxMissing / partitions.length)
  const snapshot = whole.map(({ partition, last, missing }) => {
    const beyond = missing[max]
    return { partition, last: beyond ? beyond.first - 1 : last, missing: missing.slice(0, max) }
  })
  return { snapshot, isWhole: false }
}

/** Adds records to a snapshot. */
export function withRecords(snapshot: Snapshot, positions: readonly Position[]): Snapshot {
  const ranges = positions
    // most are in it already
    .filter((position) => isCounted(position) && !hasRecord(snapshot, position))
    .map(({ partition, offset }) => ({ partition, first: offset, last: offset }))
  return withRanges(snapshot, ranges)
}

/** An offset range of a partition. Both ends are inclusive. */
export type PartitionRange = OffsetRange & { partition: number }

export function withRanges(snapshot: Snapshot, ranges: readonly PartitionRange[]): Snapshot {
  if (ranges.length === 0) return snapshot
  const partitions = new Map(snapshot.map((each) => [each.partition, each]))
  for (const { partition, ...range } of ranges) {
    partitions.set(partition, { partition, ...withRange(partitions.get(partition) ?? none, range) })
  }
  return [...partitions.values()].sort((a, b) => a.partition - b.partition)
}

function withRange({ last, missing }: Omit<PartitionSnapshot, 'partition'>, range: OffsetRange) {
  const skipped = { first: last + 1, last: range.first - 1 }
  return {
    last: Math.max(last, range.last),
    missing: [...missing.flatMap((absent) => without(absent, range)), ...[skipped].filter(isThere)],
  }
}

/** The offsets that a snapshot has and an earlier one does not, in the order of partitions and offsets. */
export function newSince(before: Snapshot, now: Snapshot): PartitionRange[] {
  return now.flatMap(({ partition, last, missing }) => {
    const known = before.find((each) => each.partition === partition) ?? none
    const absentBefore = [...known.missing, { first: known.last + 1, last }]
    const ranges = missing.reduce(
      (ranges, absent) => ranges.flatMap((range) => without(range, absent)),
      absentBefore.map((absent) => ({ ...absent, last: Math.min(absent.last, last) })).filter(isThere),
    )
    return ranges.map((range) => ({ partition, ...range }))
  })
}

const isThere = ({ first, last }: OffsetRange) => first <= last

/** Removes one range from another. */
function without(range: OffsetRange, taken: OffsetRange): OffsetRange[] {
  if (taken.last < range.first || taken.first > range.last) return [range]
  return [
    { first: range.first, last: taken.first - 1 },
    { first: taken.last + 1, last: range.last },
  ].filter(isThere)
}

/**
 * A record that the ledger does not count belongs to every snapshot. The position of a record is unknown if it was
 * replayed from a dead letter without one.
 */
export function hasRecord(snapshot: Snapshot, { partition, offset }: Position): boolean {
  if (!isCounted({ partition })) return true
  const known = snapshot.find((each) => each.partition === partition)
  if (!known || offset > known.last) return false
  return !known.missing.some(({ first, last }) => first <= offset && offset <= last)
}

const missingRangesIn = (snapshot: Snapshot) => snapshot.reduce((sum, { missing }) => sum + missing.length, 0)

export const isTooLong = (snapshot: Snapshot) => missingRangesIn(snapshot) > maxMissing

const version = 2

/** Makes a token of about 5 bytes for each partition, and a few more for each gap. */
export function encodeSnapshot(snapshot: Snapshot): string {
  const numbers = [snapshot.length]
  for (const { partition, last, missing } of snapshot) {
    numbers.push(partition, last + 1, missing.length)
    let end = 0
    for (const absent of missing) {
      numbers.push(absent.first - end, absent.last - absent.first)
      end = absent.last + 1
    }
  }
  return toToken(Buffer.from([version, ...numbers.flatMap(variableLength)]))
}

/** Returns the snapshot, or the error as a string. */
export function decodeSnapshot(text: string, max = maxMissing): Snapshot | string {
  const bytes = readToken(text)
  if (!bytes) return 'is not a snapshot of this log; take it from `asOf` in an answer'
  if (bytes.readUInt8(0) !== version) return 'comes from another version of this log; start again without it'
  const snapshot = readPartitions(numbersIn(bytes.subarray(1)), max)
  return snapshot && missingRangesIn(snapshot) <= max
    ? snapshot
    : 'is not a snapshot of this log; take it from `asOf` in an answer'
}

function readPartitions(numbers: readonly number[], max: number): Snapshot | undefined {
  let at = 0
  const next = () => numbers[at++] ?? Number.NaN
  const snapshot: PartitionSnapshot[] = []
  let partitions = next()
  // no ledger counts more
  if (partitions > maxPartitions) return undefined
  for (; partitions > 0; partitions--) {
    const partition = next()
    const last = next() - 1
    const missing: OffsetRange[] = []
    let end = 0
    const count = next()
    if (!(count <= max)) return undefined
    while (missing.length < count) {
      const first = end + next()
      end = first + next() + 1
      missing.push({ first, last: end - 1 })
    }
    if (!(partition > (snapshot.at(-1)?.partition ?? -1)) || !(end <= last + 1)) return undefined
    snapshot.push({ partition, last, missing })
  }
  return at === numbers.length && numbers.every(Number.isSafeInteger) ? snapshot : undefined
}

/** LEB128: 7 bits per byte, the lowest first. */
function variableLength(number: number): number[] {
  const bytes: number[] = []
  let rest = number
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80)
  bytes.push(rest)
  return bytes
}

function numbersIn(bytes: Buffer): number[] {
  const numbers: number[] = []
  let number = 0
  let factor = 1
  for (const byte of bytes) {
    number += (byte & 0x7f) * factor
    factor *= 0x80
    if (byte < 0x80) {
      numbers.push(number)
      number = 0
      factor = 1
    }
  }
  return factor === 1 ? numbers : [...numbers, Number.NaN]
}

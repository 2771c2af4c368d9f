import type { LedgerSummary, OffsetRange } from './ledger-summary.ts'
import type { Position } from './receipt.ts'
import { readToken, toToken } from './token.ts'

/**
 * The log as it was at a moment: which records it had. Of a partition that is every offset through `last` but for those
 * that were missing; nothing of a partition that is not named. In the order of the partitions, and of the gaps.
 */
export type AsOf = readonly PartitionAsOf[]
export type PartitionAsOf = { partition: number; last: number; missing: readonly OffsetRange[] }

/** In all its partitions together: more make it longer than a link should be. */
export const maxMissing = 200
/** A moment between two others may have the gaps of both. */
const mostRead = 5 * maxMissing

const none: Omit<PartitionAsOf, 'partition'> = { last: -1, missing: [] }

/**
 * What the ledger knows, as far as a moment can say it: with too many gaps a partition is as it was before the first of those that
 * are too many. `isWhole`: it has all that is stored.
 */
export function asOfLedger({ partitions }: Pick<LedgerSummary, 'partitions'>): { asOf: AsOf; isWhole: boolean } {
  const whole = partitions.map(({ partition, last, missing }) => ({ partition, last, missing }))
  const isCounted = !partitions.some(({ uncounted }) => uncounted)
  if (!isTooLong(whole)) return { asOf: whole, isWhole: isCounted }
  const most = Math.floor(maxMissing / partitions.length)
  const asOf = whole.map(({ partition, last, missing }) => {
    const beyond = missing[most]
    return { partition, last: beyond ? beyond.first - 1 : last, missing: missing.slice(0, most) }
  })
  return { asOf, isWhole: false }
}

/** The same, and these records as well. */
export function withRecords(asOf: AsOf, positions: readonly Position[]): AsOf {
  const ranges = positions
    .filter(({ partition }) => partition >= 0)
    .map(({ partition, offset }) => ({ partition, first: offset, last: offset }))
  return withRanges(asOf, ranges)
}

/** An offset range of a partition. Both ends belong to it. */
export type PartitionRange = OffsetRange & { partition: number }

export function withRanges(asOf: AsOf, ranges: readonly PartitionRange[]): AsOf {
  if (ranges.length === 0) return asOf
  const partitions = new Map(asOf.map((each) => [each.partition, each]))
  for (const { partition, ...range } of ranges) {
    partitions.set(partition, { partition, ...withRange(partitions.get(partition) ?? none, range) })
  }
  return [...partitions.values()].sort((a, b) => a.partition - b.partition)
}

function withRange({ last, missing }: Omit<PartitionAsOf, 'partition'>, range: OffsetRange) {
  const skipped = { first: last + 1, last: range.first - 1 }
  return {
    last: Math.max(last, range.last),
    missing: [...missing.flatMap((absent) => without(absent, range)), ...[skipped].filter(isThere)],
  }
}

/** What one moment has and an earlier one had not, in the order of partitions and offsets. */
export function newSince(before: AsOf, now: AsOf): PartitionRange[] {
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

/** What remains of a range without another one. */
function without(range: OffsetRange, taken: OffsetRange): OffsetRange[] {
  if (taken.last < range.first || taken.first > range.last) return [range]
  return [
    { first: range.first, last: taken.first - 1 },
    { first: taken.last + 1, last: range.last },
  ].filter(isThere)
}

/** A record whose place is not known, since it came back from the dead letters without one, always belongs to it. */
export function hasRecord(asOf: AsOf, { partition, offset }: Position): boolean {
  if (partition < 0) return true
  const known = asOf.find((each) => each.partition === partition)
  if (!known || offset > known.last) return false
  return !known.missing.some(({ first, last }) => first <= offset && offset <= last)
}

const missingRangesIn = (asOf: AsOf) => asOf.reduce((sum, { missing }) => sum + missing.length, 0)

export const isTooLong = (asOf: AsOf) => missingRangesIn(asOf) > maxMissing

const version = 1

/** A token of some 5 bytes for each partition, and some more for each gap. */
export function encodeAsOf(asOf: AsOf): string {
  const numbers = [asOf.length]
  for (const { partition, last, missing } of asOf) {
    numbers.push(partition, last + 1, missing.length)
    let end = 0
    for (const absent of missing) {
      numbers.push(absent.first - end, absent.last - absent.first)
      end = absent.last + 1
    }
  }
  return toToken(Buffer.from([version, ...numbers.flatMap(variableLength)]))
}

/** The moment, or what is wrong with it. */
export function decodeAsOf(text: string): AsOf | string {
  const bytes = readToken(text)
  if (!bytes) return 'is not a moment of this log; take it from the asOf of an answer'
  if (bytes.readUInt8(0) !== version) return 'is of another version of this log; start again without it'
  const asOf = readPartitions(numbersIn(bytes.subarray(1)))
  return asOf && missingRangesIn(asOf) <= mostRead
    ? asOf
    : 'is not a moment of this log; take it from the asOf of an answer'
}

function readPartitions(numbers: readonly number[]): AsOf | undefined {
  let at = 0
  const next = () => numbers[at++] ?? Number.NaN
  const asOf: PartitionAsOf[] = []
  for (let partitions = next(); partitions > 0; partitions--) {
    const partition = next()
    const last = next() - 1
    const missing: OffsetRange[] = []
    let end = 0
    const count = next()
    if (!(count <= mostRead)) return undefined
    while (missing.length < count) {
      const first = end + next()
      end = first + next() + 1
      missing.push({ first, last: end - 1 })
    }
    if (!(partition > (asOf.at(-1)?.partition ?? -1)) || !(end <= last + 1)) return undefined
    asOf.push({ partition, last, missing })
  }
  return at === numbers.length && numbers.every(Number.isSafeInteger) ? asOf : undefined
}

/** LEB128: 7 bits a byte, the low ones first. */
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

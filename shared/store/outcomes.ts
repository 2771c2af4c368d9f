import { type CountedRange, isCounted } from '../ledger-summary.ts'
import type { Position, Receipt } from '../receipt.ts'
import { deadLetterId } from './dead-letter-id.ts'
import type { DeadLetter } from './dead-letters.ts'
import type { WrittenOutcome } from './ledger.ts'

/** A partition is compacted after this many records. */
const compactEvery = 256

/** The maximum number of offsets of a range that are counted when the ledger is read or compacted. */
export const maxCounted = 20_000

/**
 * A record from the dead-letter topic may have lost its original position. It gets this partition, which the ledger
 * does not count (Kafka itself uses -1 for an unknown partition).
 */
export const unknownPartition = -1

export const isKnownPosition = ({ partition }: Position) => partition !== unknownPartition

/** The partitions to compact as soon as these records have an outcome. */
export function partitionsToCompact(positions: readonly Position[]): number[] {
  const due = positions.filter((position) => isCounted(position) && position.offset % compactEvery === 0)
  return [...new Set(due.map(({ partition }) => partition))]
}

/** Until then a record may be one of a topic that was created again, whose former record at the offset was counted. */
const deliveredWithinMs = 24 * 60 * 60 * 1000

/**
 * A record has expired if this is true, it is in a compacted range, and no other record has its position: its outcome
 * was removed, or it left the queue before its outcome was known.
 */
export const mayHaveExpired = ({ recordedAt }: Receipt): boolean =>
  Date.now() - recordedAt.getTime() > deliveredWithinMs

export const isIn = ({ position: { offset } }: Receipt, compacted: readonly CountedRange[] = []): boolean =>
  compacted.some(({ first, last }) => first <= offset && offset <= last)

/** The outcome that a dead letter gives its record, or undefined if it came without the original position. */
export function outcomeOf(deadLetter: DeadLetter): WrittenOutcome | undefined {
  const { reason, firstPosition, tenant, activityId, recordedAt } = deadLetter
  const position = reason === 'undelivered' ? firstPosition : deadLetter.position
  const outcome = reason === 'conflict' ? 'conflict' : 'rejected'
  return position && { position, outcome, tenant, activityId, recordedAt, deadLetter: deadLetterId(deadLetter) }
}

/**
 * The outcomes that dead letters give their records. A `tentative` one counts only if no other is known, because the
 * dispatcher also gives up on a record if the answers of persist were lost.
 */
export function outcomesOf(deadLetters: readonly DeadLetter[]): {
  written: WrittenOutcome[]
  tentative: WrittenOutcome[]
} {
  const of = (isUndelivered: boolean) =>
    deadLetters
      .filter(({ reason }) => (reason === 'undelivered') === isUndelivered)
      .flatMap((letter) => outcomeOf(letter) ?? [])
  return { written: of(false), tentative: of(true) }
}

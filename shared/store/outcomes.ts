import type { Position } from '../receipt.ts'
import { deadLetterId } from './dead-letter-id.ts'
import type { DeadLetter } from './dead-letters.ts'
import type { WrittenOutcome } from './ledger.ts'

/** So many records after it, what is known of a partition is compacted. */
const compactEvery = 256

/** So many offsets of a range are counted at most when the ledger is asked for, or compacted. */
export const maxCounted = 20_000

/**
 * What came back by way of the dead-letter topic has no position of its own any more, and gets a place that the ledger does not
 * count (Kafka's own name for a partition that is not known is -1).
 */
export const unknownPartition = -1

export const isKnownPosition = ({ partition }: Position) => partition !== unknownPartition

/** The partitions that are to be compacted as soon as these records have an outcome. */
export function partitionsToCompact(positions: readonly Position[]): number[] {
  const due = positions.filter((position) => isKnownPosition(position) && position.offset % compactEvery === 0)
  return [...new Set(due.map(({ partition }) => partition))]
}

/** What a dead letter says of its record; nothing where it came without its first position. */
export function outcomeOf(deadLetter: DeadLetter): WrittenOutcome | undefined {
  const { reason, firstPosition, tenant, activityId, recordedAt } = deadLetter
  const position = reason === 'undelivered' ? firstPosition : deadLetter.position
  const outcome = reason === 'conflict' ? 'conflict' : 'rejected'
  return position && { position, outcome, tenant, activityId, recordedAt, deadLetter: deadLetterId(deadLetter) }
}

/**
 * What dead letters say of their records. `tentative` counts only where nothing is known: the dispatcher gives up on a record
 * also when it was persist's answers that were lost.
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

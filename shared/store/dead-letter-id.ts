import { hash } from 'node:crypto'
import type { DeadLetter, DeadLetterFilter } from './dead-letters.ts'

/**
 * An id that stays the same when a dead letter arrives again, in any store. It covers the reason, because records that
 * the dispatcher gave up on come from another topic, which counts its positions separately.
 */
export function deadLetterId({ reason, position, body }: Pick<DeadLetter, 'reason' | 'position' | 'body'>): string {
  const { partition, offset } = position
  // earlier versions used this word, and ids must stay the same
  const word = reason === 'rejected' ? 'refused' : reason
  return hash('sha256', Buffer.concat([Buffer.from(`${word}/${partition}/${offset}/`), body]), 'hex').slice(0, 32)
}

const timeDigits = 15

/** A place in the list of dead letters, which is ordered by their first arrival. */
export const deadLetterKey = ({ firstAt, id }: { firstAt: Date; id: string }): string =>
  String(firstAt.getTime()).padStart(timeDigits, '0') + id

export const isDeadLetterKey = (text: string): boolean => /^\d{15}[\da-f]{32}$/.test(text)

export const readDeadLetterKey = (key: string): { firstAtMs: number; id: string } => ({
  firstAtMs: Number(key.slice(0, timeDigits)),
  id: key.slice(timeDigits),
})

/** Identifies a filter, so that a cursor works with no others. */
export const deadLetterFilterDigest = (filter: DeadLetterFilter): Buffer =>
  hash('sha256', JSON.stringify(['dead letters', filter]), 'buffer')

import { hash } from 'node:crypto'
import type { DeadLetter, DeadLetterFilter } from './dead-letters.ts'
import { toStoredName } from './stored-names.ts'

/**
 * The same for a dead letter that arrives again, whatever the store. The reason stands in it because what the dispatcher
 * gave up on comes from another topic, whose positions are counted anew.
 */
export function deadLetterId({ reason, position, body }: Pick<DeadLetter, 'reason' | 'position' | 'body'>): string {
  const { partition, offset } = position
  return hash(
    'sha256',
    Buffer.concat([Buffer.from(`${toStoredName(reason)}/${partition}/${offset}/`), body]),
    'hex',
  ).slice(0, 32)
}

const timeDigits = 15

/** A place in the list of dead letters, which is in the order of their first arrival. */
export const deadLetterKey = ({ firstAt, id }: { firstAt: Date; id: string }): string =>
  String(firstAt.getTime()).padStart(timeDigits, '0') + id

export const isDeadLetterKey = (text: string): boolean => /^\d{15}[\da-f]{32}$/.test(text)

export const readDeadLetterKey = (key: string): { firstAtMs: number; id: string } => ({
  firstAtMs: Number(key.slice(0, timeDigits)),
  id: key.slice(timeDigits),
})

/** Tells filters apart: a cursor holds it, so that it cannot be used with others. */
export const deadLetterFilterDigest = (filter: DeadLetterFilter): Buffer =>
  hash('sha256', JSON.stringify(['dead letters', filter]), 'buffer')

import type { Document } from 'mongodb'
import { arrivalOf, atMost, hashId, toKey } from '../key.ts'
import type { CountedRange } from '../ledger-summary.ts'
import { formatTimestamp, parseTimestamp } from '../timestamp.ts'
import type { StoredDeadLetter } from './mongo-dead-letters.ts'
import type { StoredOutcome } from './mongo-documents.ts'
import { collections, formerCollections, type StoredActivity } from './mongo-documents.ts'
import type { StoredLedger } from './mongo-ledger.ts'

/** The documents of the version before formats had numbers. Its records had neither a sequence nor a salt. */
type FormerActivity = Omit<StoredActivity, 'salt'>
type FormerName<Name> = Name extends 'rejected' ? 'refused' : Name
type FormerOutcome = Omit<StoredOutcome, 'outcome'> & { fate: FormerName<StoredOutcome['outcome']> }
type FormerDeadLetter = Omit<StoredDeadLetter, 'reason'> & { reason: FormerName<StoredDeadLetter['reason']> }
type FormerCounts = { readonly [name in FormerName<keyof CountedRange['counts']>]: number }
type FormerRange = Omit<CountedRange, 'counts'> & { counts: FormerCounts }
type FormerLedger = Omit<StoredLedger, 'ranges'> & { spans: readonly FormerRange[] }

export type Copy = { from: string; to: string; convert: (former: Document) => Document }

/** Says how each former collection is copied. A document that is copied twice becomes the same document. */
export const copies: readonly Copy[] = [
  copy('activities', (former) => toActivity(former as FormerActivity)),
  copy('outcomes', (former) => toOutcome(former as FormerOutcome)),
  copy('deadLetters', (former) => toDeadLetter(former as FormerDeadLetter)),
  copy('ledger', (former) => toLedger(former as FormerLedger)),
]

function copy(name: keyof typeof formerCollections, convert: Copy['convert']): Copy {
  return { from: formerCollections[name], to: collections[name], convert }
}

/** A leap second had the timestamp of the millisecond before it. */
function toActivity(former: FormerActivity): StoredActivity {
  const { tenant, id, timestamp, timestampText = formatTimestamp(timestamp.getTime()), recordedAt } = former
  const parsed = parseTimestamp(timestampText)
  // the leap second at the end of the year 9999 was accepted once
  const at = typeof parsed === 'string' ? readInstant(timestamp.getTime()) : parsed
  const arrival = arrivalOf(recordedAt.getTime(), 0)
  const _id = toKey({ instant: atMost(at.nanoseconds), arrival, hash: hashId(tenant, id) })
  return { ...former, _id, timestamp: new Date(at.ms) }
}

const readInstant = (ms: number) => ({ ms, nanoseconds: BigInt(ms) * 1_000_000n })

function toOutcome({ fate, ...former }: FormerOutcome): StoredOutcome {
  return { ...former, outcome: toName(fate) }
}

function toDeadLetter({ reason, ...former }: FormerDeadLetter): StoredDeadLetter {
  return { ...former, reason: toName(reason) }
}

function toLedger({ spans, ...former }: FormerLedger): StoredLedger {
  const ranges = spans.map(({ counts: { refused, ...others }, ...bounds }) => ({
    ...bounds,
    counts: { ...others, rejected: refused },
  }))
  return { ...former, ranges }
}

const toName = <Name extends string>(name: Name) =>
  (name === 'refused' ? 'rejected' : name) as Exclude<Name, 'refused'> | 'rejected'

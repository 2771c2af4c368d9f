import type { Problem, Rule } from './checker.ts'
import type { History, Read } from './history.ts'

/** A requirement of a scenario beyond those that always hold. */
export type Requirement = (history: Pick<History, 'attempts' | 'reads' | 'faults' | 'namedNothing'>) => Problem[]

const violation = (rule: Rule, about: string): Problem => ({ rule, about })

/** Every request is answered in time, whatever hangs. */
export const answeredWithin =
  (ms: number): Requirement =>
  ({ attempts, reads }) => [
    ...attempts
      .filter(({ to, sentAt, endedAt }) => to === 'ingest' && endedAt - sentAt > ms)
      .map(({ id, sentAt, endedAt }) => violation('late', `${id} after ${endedAt - sentAt} ms`)),
    ...lateOf('page', reads, ms),
  ]

export const deliveriesAnsweredWithin =
  (ms: number): Requirement =>
  ({ reads }) =>
    lateOf('delivery', reads, ms)

const lateOf = (what: Read['of'], reads: readonly Read[], ms: number) =>
  reads
    .filter(({ of, sentAt, endedAt }) => of === what && endedAt - sentAt > ms)
    .map(({ sentAt, endedAt }) => violation('late', `a ${what} after ${endedAt - sentAt} ms`))

/** A request that was sent this long before a stop has reached the process; a later one may find the port closed. */
const underWayMs = 400

/** A request that is in flight when a process is told to stop gets its answer. */
export const stopsCutNothingOff: Requirement = ({ attempts, faults }) => {
  const stops = faults.flatMap(({ at, fault }) => (fault.do === 'signal' && fault.signal === 'SIGTERM' ? at : []))
  return attempts
    .filter(({ unanswered }) => unanswered)
    .filter(({ sentAt, endedAt }) => stops.some((at) => sentAt < at - underWayMs && endedAt > at))
    .map(({ id, why }) => violation('cut off', `${id}: ${why}`))
}

/** Every activity is accepted when nothing is wrong. */
export const everythingIsTaken: Requirement = ({ attempts }) =>
  attempts
    .filter(({ outcome }) => outcome === 'unknown')
    .map(({ id, why }) => violation('not accepted', `${id}: ${why}`))

/** Every fault could be injected, and what it expects of the log was so. */
export const everyFaultHappened =
  (count: number): Requirement =>
  ({ faults }) =>
    faults.length === count ? [] : [violation('did not run', `${count - faults.length} of ${count} faults`)]

/** When more requests arrive than can wait, some are immediately told to retry. */
export const excessIsToldWithin =
  (ms: number): Requirement =>
  ({ attempts }) => {
    const told = attempts.some(({ outcome, sentAt, endedAt }) => outcome === 'unknown' && endedAt - sentAt < ms)
    return told ? [] : [violation('unbounded', `none of ${attempts.length} was told within ${ms} ms to retry`)]
  }

export const receiptsNameWhatIsThere: Requirement = ({ namedNothing }) =>
  [...new Set(namedNothing)].map((receipt) => violation('dead letter missing', receipt))

export const pagesShowNothingTwice: Requirement = ({ reads }) =>
  reads.flatMap(({ twice }) => twice).map((id) => violation('duplicated', `${id} on one page`))

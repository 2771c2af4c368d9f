import type { Problem, Rule } from './checker.ts'
import type { History, Read } from './history.ts'

/** What a scenario asks for beyond what holds always. */
export type Requirement = (history: Pick<History, 'attempts' | 'reads' | 'faults' | 'namedNothing'>) => Problem[]

const violation = (rule: Rule, about: string): Problem => ({ rule, about })

/** Whatever hangs, every request is answered in time. */
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

/** So long before a stop a request has come to the process; later ones may find its door closed. */
const underWayMs = 400

/** What is under way when a process is told to stop gets its answer. */
export const stopsCutNothingOff: Requirement = ({ attempts, faults }) => {
  const stops = faults.flatMap(({ at, fault }) => (fault.do === 'signal' && fault.signal === 'SIGTERM' ? at : []))
  return attempts
    .filter(({ unanswered }) => unanswered)
    .filter(({ sentAt, endedAt }) => stops.some((at) => sentAt < at - underWayMs && endedAt > at))
    .map(({ id, why }) => violation('cut off', `${id}: ${why}`))
}

/** Where nothing is wrong, everything is taken. */
export const everythingIsTaken: Requirement = ({ attempts }) =>
  attempts.filter(({ outcome }) => outcome === 'unknown').map(({ id, why }) => violation('not taken', `${id}: ${why}`))

/** Of more than can wait some are told at once to come again. */
export const excessIsToldWithin =
  (ms: number): Requirement =>
  ({ attempts }) => {
    const told = attempts.some(({ outcome, sentAt, endedAt }) => outcome === 'unknown' && endedAt - sentAt < ms)
    return told ? [] : [violation('unbounded', `none of ${attempts.length} was told within ${ms} ms to come again`)]
  }

export const receiptsNameWhatIsThere: Requirement = ({ namedNothing }) =>
  [...new Set(namedNothing)].map((receipt) => violation('names nothing', receipt))

export const pagesShowNothingTwice: Requirement = ({ reads }) =>
  reads.flatMap(({ twice }) => twice).map((id) => violation('duplicated', `${id} on one page`))

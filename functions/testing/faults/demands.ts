import type { Problem, Rule } from './checker.ts'
import type { History, Read } from './history.ts'

/** What a scenario asks for beyond what holds always. */
export type Demand = (history: Pick<History, 'attempts' | 'reads' | 'struck' | 'namedNothing'>) => Problem[]

const objection = (rule: Rule, about: string): Problem => ({ rule, about })

/** Whatever hangs, every request is answered in time. */
export const answeredWithin =
  (ms: number): Demand =>
  ({ attempts, reads }) => [
    ...attempts
      .filter(({ to, sentAt, endedAt }) => to === 'ingest' && endedAt - sentAt > ms)
      .map(({ id, sentAt, endedAt }) => objection('late', `${id} after ${endedAt - sentAt} ms`)),
    ...lateOf('page', reads, ms),
  ]

export const deliveriesAnsweredWithin =
  (ms: number): Demand =>
  ({ reads }) =>
    lateOf('delivery', reads, ms)

const lateOf = (what: Read['of'], reads: readonly Read[], ms: number) =>
  reads
    .filter(({ of, sentAt, endedAt }) => of === what && endedAt - sentAt > ms)
    .map(({ sentAt, endedAt }) => objection('late', `a ${what} after ${endedAt - sentAt} ms`))

/** So long before a stop a request has come to the process; later ones may find its door closed. */
const underWayMs = 400

/** What is under way when a process is told to stop gets its answer. */
export const stopsCutNothingOff: Demand = ({ attempts, struck }) => {
  const stops = struck.flatMap(({ at, fault }) => (fault.do === 'signal' && fault.signal === 'SIGTERM' ? at : []))
  return attempts
    .filter(({ unanswered }) => unanswered)
    .filter(({ sentAt, endedAt }) => stops.some((at) => sentAt < at - underWayMs && endedAt > at))
    .map(({ id, why }) => objection('cut off', `${id}: ${why}`))
}

/** Where nothing is wrong, everything is taken. */
export const everythingIsTaken: Demand = ({ attempts }) =>
  attempts.filter(({ outcome }) => outcome === 'unknown').map(({ id, why }) => objection('not taken', `${id}: ${why}`))

/** Of more than can wait some are told at once to come again. */
export const excessIsToldWithin =
  (ms: number): Demand =>
  ({ attempts }) => {
    const told = attempts.some(({ outcome, sentAt, endedAt }) => outcome === 'unknown' && endedAt - sentAt < ms)
    return told ? [] : [objection('unbounded', `none of ${attempts.length} was told within ${ms} ms to come again`)]
  }

export const receiptsNameWhatIsThere: Demand = ({ namedNothing }) =>
  [...new Set(namedNothing)].map((receipt) => objection('names nothing', receipt))

export const pagesShowNothingTwice: Demand = ({ reads }) =>
  reads.flatMap(({ twice }) => twice).map((id) => objection('duplicated', `${id} on one page`))

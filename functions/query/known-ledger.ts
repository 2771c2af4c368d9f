import type { Log } from '@activity-log/shared/log.ts'
import { type Snapshot, snapshotOf } from '@activity-log/shared/snapshot.ts'
import { type ActivityStore, StoreUnavailable } from '@activity-log/shared/store/store.ts'
import { undefinedIfLate, within } from '@activity-log/shared/within.ts'

/** A ledger of this age is still true: what was complete stays complete. */
const rememberedMs = 1000
/** A slow ledger is read less often: the pause is this many times as long as the last reading, up to the maximum. */
const restFactor = 10
const maxRestMs = 60_000
/** A list waits no longer than this for the ledger; after that it uses the last reading. */
const timeoutMs = 200

export type KnownLedgerOptions = {
  ledger: ActivityStore['ledger']
  log: Pick<Log, 'error'>
  /** Milliseconds that never go back: a clock that was set would make a reading seem to last for years. */
  clock?: () => number
}

export type Known = {
  /** The time before which no acknowledged record is missing. */
  completeThrough: Date | undefined
  /** The records in the log when the ledger was read; undefined if a snapshot cannot hold them. */
  snapshot: Snapshot | undefined
  /** Like `snapshot`, at any age and as far as a snapshot can hold it, for readers that continue from there. */
  latest: Snapshot
}

export type KnownLedger = {
  /** A reading that is at most a second old, if the ledger is quick to read. */
  recent(): Promise<Known | undefined>
  /** A reading that began after this call; undefined if it takes too long. */
  fresh(): Promise<Known | undefined>
  /** The last reading, however old it is. */
  last(): Known | undefined
}

/**
 * Keeps what lists need from the ledger. Every list needs it, so it is read at most once a second, or one reading at a
 * time for lists that need it fresh, and no list fails or waits long for it. Undefined while nothing is known yet.
 */
export function createKnownLedger({ ledger, log, clock = () => performance.now() }: KnownLedgerOptions): KnownLedger {
  let known: Known | undefined
  let reading: Promise<Known | undefined> | undefined
  let next: Promise<Known | undefined> | undefined
  let startedAt = Number.NEGATIVE_INFINITY
  let tookMs = 0

  /** Reads the ledger; undefined if that fails. */
  async function read(): Promise<Known | undefined> {
    next = undefined
    startedAt = clock()
    const found = await ledger()
      .then((all) => {
        const { snapshot: latest, isWhole } = snapshotOf(all)
        return { completeThrough: all.completeThrough, snapshot: isWhole ? latest : undefined, latest }
      })
      .catch((error) => {
        if (!(error instanceof StoreUnavailable)) log.error({ err: error }, 'reading the ledger failed')
        return undefined
      })
    known = found ?? known
    tookMs = clock() - startedAt
    reading = undefined
    return found
  }

  const isWithin = (ms: number, since: number) => clock() - since < ms
  const restMs = () => Math.min(maxRestMs, restFactor * tookMs)

  return {
    async recent() {
      if (!reading && !isWithin(Math.max(rememberedMs, restMs()), startedAt)) reading = read()
      if (reading) await inTime(reading)
      return known
    },
    last: () => known,
    async fresh() {
      if (tookMs > timeoutMs && isWithin(restMs(), startedAt)) return undefined
      next ??= (reading ?? Promise.resolve()).then(() => {
        reading = read()
        return reading
      })
      return inTime(next)
    },
  }
}

/** Undefined if the work takes longer than a list waits. */
const inTime = <Result>(work: Promise<Result>): Promise<Result | undefined> =>
  within(timeoutMs, work, 'The ledger was not read').catch(undefinedIfLate)

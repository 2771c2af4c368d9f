import type { Log } from '@activity-log/shared/log.ts'
import { type Snapshot, snapshotOf } from '@activity-log/shared/snapshot.ts'
import { type ActivityStore, StoreUnavailable } from '@activity-log/shared/store/store.ts'
import { undefinedIfLate, within } from '@activity-log/shared/within.ts'

/** An older answer is still true: what was complete stays so. */
const rememberedMs = 1000
/** Where the ledger takes long it is read seldom: this many times as long as it took lies between, within limits. */
const restFactor = 10
const maxRestMs = 60_000
/** A snapshot that is older than this is none for lists: what was saved since would be missing from their pages. */
const snapshotMs = 10_000
/** A list waits no longer for it, and takes what was read before. */
const timeoutMs = 200

export type KnownLedgerOptions = { ledger: ActivityStore['ledger']; now: () => Date; log: Pick<Log, 'error'> }

export type Known = {
  /** The time before which nothing acknowledged is missing. */
  completeThrough: Date | undefined
  /** Which records the log had when that was read; undefined where that is long ago, or they are more than a snapshot can say. */
  snapshot: Snapshot | undefined
  /** The same as far as a snapshot can say it: for who reads on from there. */
  latest: Snapshot
}

export type KnownLedger = {
  /** Of at most a second ago, where the ledger is read quickly. */
  recent(): Promise<Known | undefined>
  /** Read after this was called; undefined where that takes long. */
  fresh(): Promise<Known | undefined>
}

/**
 * What lists say of the ledger. Every list needs it, so it is read once a second at most, or once at a time for those who
 * need it fresh, and no list fails or waits long for it. Undefined where nothing is known yet.
 */
export function createKnownLedger({ ledger, now, log }: KnownLedgerOptions): KnownLedger {
  let known: Known | undefined
  let reading: Promise<Known | undefined> | undefined
  let next: Promise<Known | undefined> | undefined
  let knownAt = Number.NEGATIVE_INFINITY
  let startedAt = Number.NEGATIVE_INFINITY
  let tookMs = 0

  /** What was read; undefined where it could not be. */
  async function read(): Promise<Known | undefined> {
    next = undefined
    const at = now().getTime()
    startedAt = at
    const found = await ledger()
      .then((all) => {
        const { snapshot: latest, isWhole } = snapshotOf(all)
        return { completeThrough: all.completeThrough, snapshot: isWhole ? latest : undefined, latest }
      })
      .catch((error) => {
        if (!(error instanceof StoreUnavailable)) log.error({ err: error }, 'the ledger could not be read')
        return undefined
      })
    if (found) {
      known = found
      knownAt = at
    }
    tookMs = now().getTime() - at
    reading = undefined
    return found
  }

  /** A clock that was set back makes an age negative. */
  const isWithin = (ms: number, since: number) => {
    const age = now().getTime() - since
    return age >= 0 && age < ms
  }
  const restMs = () => Math.min(maxRestMs, restFactor * tookMs)

  return {
    async recent() {
      if (!reading && !isWithin(Math.max(rememberedMs, restMs()), startedAt)) reading = read()
      if (reading) await inTime(reading)
      return known && !isWithin(snapshotMs, knownAt) ? { ...known, snapshot: undefined } : known
    },
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

/** Undefined where it takes longer than a list waits. */
const inTime = <Result>(work: Promise<Result>): Promise<Result | undefined> =>
  within(timeoutMs, work, 'The ledger was not read').catch(undefinedIfLate)

import type { Gone } from '@activity-log/shared/aborted.ts'
import { activityJson } from '@activity-log/shared/document.ts'
import type { Log } from '@activity-log/shared/log.ts'
import { encodeSnapshot, newSince, type Snapshot, withRanges } from '@activity-log/shared/snapshot.ts'
import type { Found } from '@activity-log/shared/store/activities.ts'
import { StoreUnavailable } from '@activity-log/shared/store/store.ts'
import type { TenantReader } from '@activity-log/shared/store/tenant-reader.ts'
import type { KnownLedger } from './known-ledger.ts'

/** The activities stored between two snapshots; `text` is the event of each, whose id is the snapshot just after it. */
export type Batch = { to: Snapshot; events: readonly LiveEvent[]; characters: number }
export type LiveEvent = Found & { text: string }
type ArrivalsQuery = Parameters<TenantReader['arrivals']>[0]
/** What a follower who is behind reads for itself: only what it wants becomes events. */
export type OwnReading = { matches: (found: Found) => boolean; gone: Gone }

export type TailOptions = {
  known: KnownLedger
  arrivals: (query: ArrivalsQuery, gone?: Gone) => ReturnType<TenantReader['arrivals']>
  log: Pick<Log, 'error'>
  pollMs?: number
  /** The part of what all tails keep that this one may keep, from 0 to 1. */
  share?: () => number
}

/** How many activities all tails keep for followers who keep up, and how large their events are together. */
const maxKept = 5_000
/** How many reads they keep: most of them find nothing for a quiet tenant beside busy ones. */
const maxKeptBatches = 1_000
const maxKeptCharacters = 8 * 1024 * 1024
/** The largest and the first number of activities in one read, and how large their events should be. */
const maxBatch = 500
const firstBatch = 50
const batchCharacters = 256 * 1024
/** The same for a follower who is behind, and has to keep the events until its client reads them. */
const ownCharacters = 32 * 1024

/**
 * Reads the end of the log once for all who follow it, and only while somebody does: between `join` and the disposal of
 * what it returns.
 */
export function openTail({ known, arrivals, log, pollMs = 250, share = () => 1 }: TailOptions) {
  let head: Snapshot | undefined
  let followers = 0
  let isLooking = false
  /** Batches by the snapshot that they follow, oldest first. */
  const kept = new Map<Snapshot, Batch>()
  const waiting = new Set<() => void>()
  /** How many activities to read at once, for all followers, and for one who is behind. */
  const ofAll = { rows: firstBatch, maxCharacters: batchCharacters }
  const ofOne = { rows: firstBatch, maxCharacters: ownCharacters }

  const wake = () => {
    for (const resolve of waiting) resolve()
  }

  /** At most so many characters and one event more. */
  async function read(
    from: Snapshot,
    until: Snapshot,
    size: typeof ofAll,
    own?: OwnReading,
  ): Promise<Batch | undefined> {
    const [range] = newSince(from, until)
    if (!range) return undefined
    const { rows: limit, maxCharacters } = size
    const found = await arrivals({ ...range, limit }, own?.gone)
    const through = (offset: number) => withRanges(from, [{ ...range, last: offset }])
    const events: LiveEvent[] = []
    let characters = 0
    let taken = 0
    for (const each of found) {
      // the rest is read again
      if (characters >= maxCharacters) break
      taken++
      if (own && !own.matches(each)) continue
      const text = liveEvent('activity', through(each.position.offset), activityJson(each.activity))
      events.push({ ...each, text })
      characters += text.length
    }
    const isAll = found.length < limit && taken === found.length
    const last = isAll ? range.last : (found[taken - 1]?.position.offset ?? range.last)
    // what does not match may be large, too, but nothing of it is kept
    const fitting = (taken * maxCharacters) / characters
    const readable = (found.length * batchCharacters) / (own ? rowCharacters(found) : characters)
    if (taken > 0) size.rows = Math.max(1, Math.ceil(Math.min(maxBatch, 2 * limit, fitting, readable)))
    return { to: through(last), events, characters }
  }

  /** Advances the head to what the ledger knows now. */
  async function look() {
    const target = ((await known.fresh()) ?? (await known.recent()))?.latest
    if (!target) return
    if (!head) {
      head = target
      wake()
    }
    const more = (from: Snapshot) => read(from, target, ofAll)
    for (let batch = await more(head); batch; batch = await more(head)) {
      kept.set(head, batch)
      head = batch.to
      forgetOldest()
      wake()
    }
    forgetOldest()
  }

  /** What is not kept, a follower reads for itself. */
  function forgetOldest() {
    const part = share()
    let size = 0
    let characters = 0
    for (const { events, characters: ofBatch } of kept.values()) {
      size += events.length
      characters += ofBatch
    }
    for (const [snapshot, { events, characters: ofBatch }] of kept) {
      const isFew = kept.size <= maxKeptBatches * part && size <= maxKept * part
      if (isFew && characters <= maxKeptCharacters * part) break
      kept.delete(snapshot)
      size -= events.length
      characters -= ofBatch
    }
  }

  async function keepLooking() {
    isLooking = true
    while (followers > 0) {
      await look().catch((error) => {
        if (!(error instanceof StoreUnavailable)) log.error({ err: error }, 'reading the end of the log failed')
      })
      await wait(pollMs)
    }
    head = undefined
    kept.clear()
    isLooking = false
  }

  /** Resolves after `ms`, or when woken; `onWait` gets how to wake this one alone. */
  function wait(ms: number, onWait?: (wake: () => void) => void): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        waiting.delete(done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      waiting.add(done)
      onWait?.(done)
    })
  }

  return {
    wait,
    /** Resolves when the log has something after a snapshot, or after `ms`. */
    untilNew: (at: Snapshot, ms: number, onWait?: (wake: () => void) => void) =>
      !head || at === head ? wait(ms, onWait) : Promise.resolve(),
    wake,
    followers: () => followers,
    /** The end of the log; undefined while it is unknown. */
    head: () => head,
    /** Waits up to `ms` for the head; undefined if it is still unknown then. */
    async headWithin(ms: number): Promise<Snapshot | undefined> {
      for (const end = performance.now() + ms; !head && performance.now() < end; ) await wait(end - performance.now())
      return head
    },
    join(): Disposable {
      followers++
      if (!isLooking) void keepLooking()
      let isThere = true
      return {
        [Symbol.dispose]() {
          if (isThere) followers--
          isThere = false
        },
      }
    },
    hasMore: (at: Snapshot) => head !== undefined && at !== head,
    /** The batch that follows a snapshot and is kept for all followers, or which one has to read for itself. */
    kept: (at: Snapshot) => kept.get(at),
    /** Reads a batch for one follower, who is behind; undefined if there is none. */
    async next(at: Snapshot, own: OwnReading): Promise<Batch | undefined> {
      if (!head || at === head) return undefined
      const until = head
      return (await read(at, until, ofOne, own)) ?? { to: until, events: [], characters: 0 }
    },
  }
}
export type Tail = ReturnType<typeof openTail>

const rowCharacters = (found: readonly Found[]) =>
  found.reduce((sum, { activity }) => sum + (activity.metadataText?.length ?? 0), 0)

/** An event of a text/event-stream (HTML standard). JSON text has no line breaks, so it fits in one data line. */
export function liveEvent(name: string, at: Snapshot, json: string): string {
  return `id: ${encodeSnapshot(at)}\nevent: ${name}\ndata: ${json}\n\n`
}

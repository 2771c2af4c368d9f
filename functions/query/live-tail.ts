import type { Log } from '@activity-log/shared/log.ts'
import { encodeSnapshot, newSince, type Snapshot, withRanges } from '@activity-log/shared/snapshot.ts'
import type { Found } from '@activity-log/shared/store/activities.ts'
import { StoreUnavailable } from '@activity-log/shared/store/store.ts'
import type { TenantReader } from '@activity-log/shared/store/tenant-reader.ts'
import type { KnownLedger } from './known-ledger.ts'

/** The activities stored between two snapshots; `text` is the event of each, whose id is the snapshot just after it. */
export type Batch = { to: Snapshot; events: readonly LiveEvent[] }
export type LiveEvent = Found & { text: string }

export type TailOptions = {
  known: KnownLedger
  arrivals: TenantReader['arrivals']
  log: Pick<Log, 'error'>
  pollMs?: number
}

/** The number of activities in one read, and the number kept in memory for followers who keep up. */
const batchSize = 500
const maxKept = 5_000

/**
 * Reads the end of the log once for all who follow it, and only while somebody does: between `join` and the disposal of
 * what it returns.
 */
export function openTail({ known, arrivals, log, pollMs = 250 }: TailOptions) {
  let head: Snapshot | undefined
  let followers = 0
  let isLooking = false
  /** Batches by the snapshot that they follow, oldest first. */
  const kept = new Map<Snapshot, Batch>()
  const waiting = new Set<() => void>()

  const wake = () => {
    for (const resolve of waiting) resolve()
  }

  async function read(from: Snapshot, until: Snapshot): Promise<Batch | undefined> {
    const [range] = newSince(from, until)
    if (!range) return undefined
    const found = await arrivals({ ...range, limit: batchSize })
    const last = found.length < batchSize ? range.last : (found.at(-1)?.position.offset ?? range.last)
    const through = (offset: number) => withRanges(from, [{ ...range, last: offset }])
    const events = found.map((each) => ({
      ...each,
      text: liveEvent('activity', through(each.position.offset), each.activity),
    }))
    return { to: through(last), events }
  }

  /** Advances the head to what the ledger knows now. */
  async function look() {
    const target = ((await known.fresh()) ?? (await known.recent()))?.latest
    if (!target) return
    if (!head) {
      head = target
      wake()
    }
    for (let batch = await read(head, target); batch; batch = await read(head, target)) {
      kept.set(head, batch)
      head = batch.to
      let size = 0
      for (const { events } of kept.values()) size += events.length
      for (const [snapshot, { events }] of kept) {
        if (size <= maxKept) break
        kept.delete(snapshot)
        size -= events.length
      }
      wake()
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

  /** Resolves after `ms`, or when woken. */
  function wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        waiting.delete(done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      waiting.add(done)
    })
  }

  return {
    wait,
    /** Resolves when the log has something after a snapshot, or after `ms`. */
    untilNew: (at: Snapshot, ms: number) => (at === head ? wait(ms) : Promise.resolve()),
    wake,
    followers: () => followers,
    /** The end of the log; undefined while it is unknown. */
    head: () => head,
    /** Waits up to `ms` for the head; undefined if it is still unknown then. */
    async headWithin(ms: number): Promise<Snapshot | undefined> {
      for (const end = Date.now() + ms; !head && Date.now() < end; ) await wait(end - Date.now())
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
    /** The batch that follows a snapshot; undefined while there is none. */
    async next(at: Snapshot): Promise<Batch | undefined> {
      const batch = kept.get(at)
      if (batch || !head || at === head) return batch
      const until = head
      return (await read(at, until)) ?? { to: until, events: [] }
    },
  }
}
export type Tail = ReturnType<typeof openTail>

/** An event of a text/event-stream (HTML standard). JSON text has no line breaks, so it fits in one data line. */
export function liveEvent(name: string, at: Snapshot, data: object): string {
  return `id: ${encodeSnapshot(at)}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}

import { whenAborted } from '@activity-log/shared/aborted.ts'
import { createFairLock, type Release } from '@activity-log/shared/fair-lock.ts'
import type { Answer } from '@activity-log/shared/http/answer.ts'
import { ownerOf } from '@activity-log/shared/http/caller.ts'
import { invalidInput, unavailable } from '@activity-log/shared/http/problem.ts'
import type { Routes, ServiceRequest } from '@activity-log/shared/http/route.ts'
import type { Turn } from '@activity-log/shared/http/turns.ts'
import { filterMatcher } from '@activity-log/shared/matches-filter.ts'
import { decodeSnapshot, maxMissingLive, newSince, type Snapshot } from '@activity-log/shared/snapshot.ts'
import { StoreUnavailable } from '@activity-log/shared/store/store.ts'
import type { ForTenant } from '@activity-log/shared/store/tenant-reader.ts'
import type { Tenant } from '@activity-log/shared/tenant.ts'
import { readFilterRequest } from './filter-request.ts'
import { type Batch, liveEvent, openTail, type Tail, type TailOptions } from './live-tail.ts'

export type LiveOptions = Omit<TailOptions, 'arrivals'> & {
  forTenant: ForTenant
  /** Aborts when the process is told to stop. */
  stopping: AbortSignal
  heartbeatMs?: number
  /** A stream ends after this time, and its client opens another one. Less than query's timeoutSeconds on Knative. */
  streamMs?: number
  maxFollowers?: number
  /** A client that falls behind by this many more records is told that some are left out. */
  maxBehind?: number
}

const retryMs = 1000
/** How long a stream without anything new may take to notice that its sender may no longer have it. */
const lookEveryMs = 1000
const partCharacters = 32 * 1024
/** What followers who are behind have read for themselves, and their clients have not taken yet. */
const maxHeldCharacters = 16 * 1024 * 1024
const nextTurn = () => new Promise((resolve) => setImmediate(resolve))
/** How long a follower waits for the end of the log to be known. */
const timeoutMs = 1000
const headers = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'private, no-store, no-transform',
  // without it, nginx and similar proxies buffer small events
  'x-accel-buffering': 'no',
}

/** Streams what is stored from now on, or from a snapshot on, in the order of arrival. */
export function liveRoutes(options: LiveOptions): Routes {
  const { stopping, heartbeatMs = 10_000, streamMs = 50_000, maxFollowers = 1000, maxBehind = 10_000 } = options
  const tails = new Map<string, Tail>()
  const room: Room = { held: 0 }
  // however many are behind, they leave the rest of the machine to others: together they read as fast as one
  const turnToRead = createFairLock()
  stopping.addEventListener('abort', () => {
    for (const tail of tails.values()) tail.wake()
  })
  return { 'GET /live': { scope: 'read', handle: live, streams: true, kind: 'follows' } }

  async function live(request: ServiceRequest): Promise<Answer> {
    const { method, url, header, caller, turn, whyNoLonger } = request
    const parsed = readFilterRequest(url, caller.tenant, {})
    const resumed = header('last-event-id')
    const snapshot = resumed ? decodeSnapshot(resumed, maxMissingLive) : undefined
    const wrong = typeof snapshot === 'string' ? [{ pointer: 'Last-Event-ID', detail: snapshot }] : []
    if (!parsed.ok) throw invalidInput([...parsed.errors, ...wrong])
    if (typeof snapshot === 'string') throw invalidInput(wrong)
    if (method === 'HEAD') return { status: 200, headers }
    if (followers() >= maxFollowers)
      throw unavailable(`There are too many live connections (at most ${maxFollowers}); try again later.`)
    const { tail, joined } = join(caller.tenant)
    const head = await tail.headWithin(timeoutMs)
    if (!head) {
      joined[Symbol.dispose]()
      throw unavailable('The current end of the log is unknown; try again.')
    }
    // a stream of which nothing was read is never told that its client has gone
    whenAborted(request.gone(), () => joined[Symbol.dispose]())
    const { snapshot: named, ...filter } = parsed.value.filter
    const stream = follow({
      tail,
      joined,
      room,
      at: snapshot ?? named ?? head,
      matches: filterMatcher(filter),
      mustEnd: () => stopping.aborted || whyNoLonger() !== undefined,
      turnToRead: () => turnToRead(ownerOf(caller)),
      // all followers wait for the same event; sending it takes 50 µs for each, and for 20 KB ten times as much
      turnToSend: () => turn('one of many'),
      gone: request.gone,
      ...{ heartbeatMs, streamMs, maxBehind },
    })
    return { status: 200, headers, body: stream }
  }

  function share(): number {
    return 1 / Math.max(1, tails.size)
  }

  /** A tail that nobody follows is forgotten, since there may be any number of tenants. */
  function join(tenant: Tenant): { tail: Tail; joined: Disposable } {
    const tail = tails.get(tenant) ?? openTail({ ...options, arrivals: arrivalsOf(tenant), share })
    tails.set(tenant, tail)
    const follower = tail.join()
    return {
      tail,
      joined: {
        [Symbol.dispose]() {
          follower[Symbol.dispose]()
          if (tail.followers() === 0 && tails.get(tenant) === tail) tails.delete(tenant)
        },
      },
    }
  }

  /** What is read for all ends with nobody's request; what one reads for itself ends with its own. */
  function arrivalsOf(tenant: Tenant): TailOptions['arrivals'] {
    const shared = options.forTenant(tenant)
    return (query, gone) => (gone ? options.forTenant(tenant, { gone }) : shared).arrivals(query)
  }

  function followers(): number {
    let count = 0
    for (const tail of tails.values()) count += tail.followers()
    return count
  }
}

/** The characters that all followers hold together, each for itself. */
type Room = { held: number }

type FollowOptions = {
  tail: Tail
  room: Room
  joined: Disposable
  at: Snapshot
  matches: ReturnType<typeof filterMatcher>
  mustEnd: () => boolean
  turnToRead: () => Promise<Release>
  turnToSend: Turn
  gone: ServiceRequest['gone']
  heartbeatMs: number
  streamMs: number
  maxBehind: number
}

/**
 * Reads no faster than the client, so that nothing accumulates for a slow one. A heartbeat is an event with data, since
 * some clients forget the id of a block without data, and would resume with a gap.
 */
function follow(options: FollowOptions): ReadableStream<Uint8Array> {
  const { tail, joined, room, matches, mustEnd, turnToRead, turnToSend, gone, heartbeatMs, streamMs } = options
  const encoder = new TextEncoder()
  const endsAt = performance.now() + streamMs
  let heartbeatAt = performance.now() + heartbeatMs
  let at = options.at
  let isGone = false
  /** Ends the wait of this follower, and of no other: all of them may leave at the same moment. */
  let wake = () => {}
  const onWait = (own: () => void) => {
    wake = own
  }
  let pending: readonly string[] = []
  let held = 0
  const maxBehind = behind() + options.maxBehind

  function behind(): number {
    return newSince(at, tail.head() ?? at).reduce((sum, { first, last }) => sum + last - first + 1, 0)
  }

  const left = gone()
  // a stream that others pass on is not cancelled before its next part is there
  const isOver = () => isGone || left.aborted || mustEnd() || performance.now() >= endsAt

  /** Takes only the events that are to be sent next, so a client that does not read takes little memory. */
  function takePending(): string {
    let text = ''
    let count = 0
    while (count < pending.length && (count === 0 || text.length < partCharacters)) text += pending[count++]
    pending = pending.slice(count)
    if (pending.length === 0) hold(0)
    return text
  }

  function hold(characters: number) {
    room.held += characters - held
    held = characters
  }

  function leave() {
    hold(0)
    joined[Symbol.dispose]()
  }

  /** The next batch; 'later' if the store cannot be read now, or others hold too much. */
  async function nextBatch(): Promise<Batch | undefined | 'later'> {
    const kept = tail.kept(at)
    if (kept || !tail.hasMore(at)) return kept
    const release = await turnToRead()
    try {
      if (isOver()) return undefined
      if (room.held >= maxHeldCharacters) return 'later'
      const batch = await tail.next(at, { matches: ({ key, activity }) => matches(key, activity), gone })
      if (batch && !isGone) hold(batch.characters)
      return batch
    } catch (error) {
      if (error instanceof StoreUnavailable) return 'later'
      throw error
    } finally {
      // what arrived meanwhile comes first
      setImmediate(release)
    }
  }

  async function next(): Promise<string | undefined> {
    if (pending.length > 0) await turnToSend()
    while (!isOver()) {
      if (pending.length > 0) return takePending()
      const count = behind()
      if (count > maxBehind) {
        at = tail.head() ?? at
        return liveEvent('left-out', at, JSON.stringify({ count }))
      }
      const batch = await nextBatch()
      if (batch === 'later') {
        await tail.wait(retryMs, onWait)
      } else if (batch) {
        await turnToSend()
        at = batch.to
        pending = batch.events.filter(({ key, activity }) => matches(key, activity)).map(({ text }) => text)
        // otherwise, reading batches that are in memory would leave no turn for others
        if (pending.length === 0) {
          hold(0)
          await nextTurn()
        }
      } else if (performance.now() >= heartbeatAt) {
        heartbeatAt = performance.now() + heartbeatMs
        await turnToSend()
        if (!isOver()) return liveEvent('position', at, '{}')
      } else if (!isOver()) {
        // an await between `tail.next` and this would miss a wake-up, and new events would wait for the next heartbeat
        await tail.untilNew(at, Math.min(lookEveryMs, Math.min(heartbeatAt, endsAt) - performance.now()), onWait)
      }
    }
    return undefined
  }

  return new ReadableStream(
    {
      start(controller) {
        controller.enqueue(encoder.encode(`retry: 1000\n${liveEvent('position', at, '{}')}`))
      },
      async pull(controller) {
        const text = await next().catch((error) => {
          leave()
          throw error
        })
        if (text !== undefined) return controller.enqueue(encoder.encode(text))
        leave()
        if (!isGone) controller.close()
      },
      cancel() {
        isGone = true
        leave()
        wake()
      },
      // nothing is prepared before the client can take it
    },
    { highWaterMark: 0 },
  )
}

import { createFifo } from './fifo.ts'
import type { Measured } from './measured.ts'
import { createPods, type Pod } from './pods.ts'
import type { Revision } from './settings.ts'
import { createShares } from './shares.ts'

export type Lot = { postedAtS: number; count: number }

/** How many requests a queue-proxy lets wait for each that it lets through, and an activator in all. */
const queueProxyDepth = 10
const activatorDepth = 10_000

/** Requests come whether or not the last ones were answered; what finds no place is a 503. */
export function createIngest(revision: Revision, { ingest, platformStartMs, drainMs }: Measured, stepS: number) {
  const pods = createPods(revision, (ingest.coldStartMs + platformStartMs) / 1000, drainMs / 1000)
  const limit = revision.containerConcurrency
  const latencyS = ingest.latencyMs / 1000
  const rate = Math.min(ingest.perSecond, limit > 0 ? limit / latencyS : Number.POSITIVE_INFINITY)
  const atActivator = createFifo()
  const answered = createShares()
  let [accepted, refused, mostWaiting] = [0, 0, 0]

  /** What a pod takes on in a step: what it answers in it, and what may wait behind. */
  function roomOf(pod: Pod): number {
    const queue = pods.isBehindActivator() ? limit : limit * (1 + queueProxyDepth)
    const most = limit > 0 ? Math.min(queue, ingest.requestsAtOnce) : ingest.requestsAtOnce
    return Math.max(0, most - rate * latencyS - pod.queue.size()) + rate * stepS
  }

  /** The activator knows who has room; without it each pod gets the same, and says 503 to what it has no room for. */
  function distribute(ready: readonly Pod[]) {
    const rooms = ready.map(roomOf)
    const room = rooms.reduce((sum, one) => sum + one, 0)
    const count = atActivator.size()
    for (const [at, pod] of ready.entries()) {
      const own = rooms[at] ?? 0
      const share = pods.isBehindActivator() ? Math.min(1, count / room) * own : Math.min(count / ready.length, own)
      atActivator.take(share, pod.queue.add)
    }
  }

  /** What may wait for room. Without a containerConcurrency the activator only waits for the first pod, but for that without limit. */
  function depth(ready: readonly Pod[]): number {
    if (limit === 0) return ready.length > 0 ? 0 : Number.POSITIVE_INFINITY
    return pods.isBehindActivator() ? activatorDepth : 0
  }

  return {
    step(atS: number, arriving: number): Lot[] {
      const beganAtS = atS - stepS
      const ready = pods.ready(atS)
      atActivator.add(beganAtS, arriving)
      distribute(ready)
      atActivator.drop(atActivator.size() - depth(ready), (count) => {
        refused += count
      })
      const lots: Lot[] = []
      let served = 0
      let waiting = atActivator.size()
      for (const pod of pods.serving(atS)) {
        pod.queue.take(rate * stepS, (postedAtS, count) => {
          answered.add(beganAtS - postedAtS + latencyS, count)
          lots.push({ postedAtS, count })
          served += count
        })
        waiting += pod.queue.size()
      }
      accepted += served
      mostWaiting = Math.max(mostWaiting, waiting)
      pods.observe(atS, stepS, waiting + (served / stepS) * latencyS)
      return lots
    },
    podsAt: (atS: number) => pods.ready(atS).length,
    podSeconds: () => pods.podSeconds(),
    outcome: () => ({ accepted, refused, answered, mostWaiting }),
  }
}

import { createFifo } from './fifo.ts'
import type { Lot } from './ingest.ts'
import { activate, hpaPeriodS, type KedaState, scaleByLag } from './keda.ts'
import type { Measured } from './measured.ts'
import { createPods } from './pods.ts'
import type { Revision, Source } from './settings.ts'
import { createShares } from './shares.ts'

/** A client of KafkaSource asks for up to 50 more once fewer than 50 are in flight: 50 at any time, 99 at most. */
const leastInFlight = 50
const mostInFlight = 99
/** `ordered` asks five times a second for up to 50. */
const orderedPerSecond = 250
/** A dispatcher pod takes so many consumers, and is one client for all of them. */
export const consumersPerDispatcher = 20
const commitS = 5

/** From Kafka through the dispatchers to persist. What is not delivered waits in Kafka: there is no 503. */
export function createDelivery(revision: Revision, source: Source, measured: Measured, stepS: number) {
  const { persist, dispatcher, platformStartMs, drainMs } = measured
  const pods = createPods(revision, (persist.coldStartMs + platformStartMs) / 1000, drainMs / 1000)
  const { containerConcurrency: limit } = revision
  const latencyS = persist.latencyMs / 1000
  const podRate = Math.min(persist.perSecond, limit > 0 ? limit / latencyS : Number.POSITIVE_INFINITY)
  const dispatcherRate = Math.min(
    dispatcher.perSecond,
    source.ordering === 'ordered' ? orderedPerSecond : leastInFlight / latencyS,
  )
  const lag = createFifo()
  const visible = createShares()
  const { keda } = source
  let scaling: KedaState = { consumers: keda ? keda.minScale : source.consumers, lastLagAtS: 0, wanted: [] }
  let dispatchers = Array.from({ length: Math.ceil(scaling.consumers / consumersPerDispatcher) }, () => 0)
  let [dispatcherSeconds, uncommitted, mostLag, consumerChanges] = [0, 0, 0, 0]

  function scaleDispatchers(atS: number) {
    // the lag of a group is what it has not committed, delivered or not
    const seen = lag.size() + uncommitted
    const before = scaling.consumers
    if (keda && isTime(atS, keda.pollingS)) scaling = activate(keda, scaling, atS, seen)
    if (keda && isTime(atS, hpaPeriodS)) scaling = scaleByLag(keda, scaling, atS, seen)
    if (scaling.consumers !== before) consumerChanges++
    const count = Math.ceil(scaling.consumers / consumersPerDispatcher)
    const readyAtS = atS + (dispatcher.coldStartMs + platformStartMs) / 1000
    dispatchers = Array.from({ length: count }, (_, at) => dispatchers[at] ?? readyAtS)
  }
  const isTime = (atS: number, periodS: number) => Math.round(atS / stepS) % Math.round(periodS / stepS) === 0

  return {
    step(atS: number, lots: readonly Lot[]) {
      for (const { postedAtS, count } of lots) lag.add(postedAtS, count)
      scaleDispatchers(atS)
      dispatcherSeconds += dispatchers.length * stepS
      const delivering = dispatchers.filter((readyAtS) => readyAtS <= atS).length
      const podsRate = pods.ready(atS).length * podRate
      const rate = Math.min(delivering * dispatcherRate, podsRate)
      const count = Math.min(lag.size(), rate * stepS)
      const isHeldUp = podsRate < delivering * dispatcherRate && count < lag.size()
      const inWindow = delivering * (podsRate > 0 ? (leastInFlight + mostInFlight) / 2 : mostInFlight)
      const atOnce = source.ordering === 'ordered' ? dispatcherRate * latencyS * delivering : inWindow
      const inFlight = isHeldUp ? Math.min(lag.size(), Math.max(1, atOnce)) : (count / stepS) * latencyS
      lag.take(count, (postedAtS, taken) => {
        const sinkS = isHeldUp ? Math.max(latencyS, inFlight / rate) : latencyS
        visible.add(atS - stepS - postedAtS + measured.ingest.latencyMs / 1000 + sinkS, taken)
      })
      uncommitted = isTime(atS, commitS) ? 0 : uncommitted + count
      mostLag = Math.max(mostLag, lag.size())
      pods.observe(atS, stepS, delivering > 0 ? inFlight : 0)
    },
    podsAt: (atS: number) => ({
      persist: pods.ready(atS).length,
      dispatcher: dispatchers.filter((readyAtS) => readyAtS <= atS).length,
    }),
    podSeconds: () => ({ persist: pods.podSeconds(), dispatcher: dispatcherSeconds }),
    outcome: () => ({ visible, consumerChanges, mostLag, lagAtEnd: lag.size() }),
  }
}

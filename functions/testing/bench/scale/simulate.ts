import { createDelivery } from './delivery.ts'
import { createIngest } from './ingest.ts'
import type { Measured } from './measured.ts'
import type { Settings } from './settings.ts'
import type { Shares } from './shares.ts'
import type { Load } from './traffic.ts'

export type PodsAt = { atS: number; ingest: number; dispatcher: number; persist: number }

export type Outcome = {
  accepted: number
  /** How many were answered 503. */
  refused: number
  /** From POST to 202. */
  answered: Shares
  /** From POST until a list has it. */
  visible: Shares
  mostWaiting: number
  /** How often the number of consumers changed: each time some of what is under way is delivered again. */
  consumerChanges: number
  mostLag: number
  lagAtEnd: number
  pods: PodsAt[]
  podSeconds: { ingest: number; dispatcher: number; persist: number }
}

/**
 * Activities from POST until they are visible, as a fluid in small steps, without chance: the same each
 * time. The cluster has room for every pod, Kafka and MongoDB keep up, rebalances cost nothing, and nobody sends again
 * after a 503.
 */
export function simulate(load: Load, settings: Settings, measured: Measured): Outcome {
  const { stepS } = load
  const perSecond = Math.round(1 / stepS)
  const ingest = createIngest(settings.ingest, measured, stepS)
  const delivery = createDelivery(settings.persist, settings.source, measured, stepS)
  const pods: PodsAt[] = []
  for (let step = 1; step <= load.durationS * perSecond; step++) {
    const atS = step / perSecond
    delivery.step(atS, ingest.step(atS, load.arriving((step - 1) / perSecond)))
    const instant = load.instantsS[pods.length]
    if (instant !== undefined && atS >= instant) {
      pods.push({ atS: instant, ingest: ingest.podsAt(atS), ...delivery.podsAt(atS) })
    }
  }
  const podSeconds = { ingest: ingest.podSeconds(), ...delivery.podSeconds() }
  return { ...ingest.outcome(), ...delivery.outcome(), pods, podSeconds }
}

import type { Keda } from './settings.ts'

/**
 * How KEDA sets the consumers of a KafkaSource by the lag of its group: between nothing and one by itself, above that as a
 * HorizontalPodAutoscaler does, with the defaults of Kubernetes.
 */
export const hpaPeriodS = 15
const toleranceShare = 0.1
const stabilizationS = 300

export type KedaState = {
  consumers: number
  lastLagAtS: number
  /** Of the last five minutes. */
  wanted: readonly { atS: number; consumers: number }[]
}

/** To be called every polling interval. */
export function activate(keda: Keda, state: KedaState, atS: number, lag: number): KedaState {
  const lastLagAtS = lag > 0 ? atS : state.lastLagAtS
  const isIdle = atS - lastLagAtS >= keda.cooldownS
  if (state.consumers === 0 && lag > 0) return { ...state, consumers: Math.max(1, keda.minScale), lastLagAtS }
  if (isIdle && keda.minScale === 0) return { consumers: 0, lastLagAtS, wanted: [] }
  return { ...state, lastLagAtS }
}

/** To be called every `hpaPeriodS`. */
export function scaleByLag(keda: Keda, state: KedaState, atS: number, lag: number): KedaState {
  const { consumers } = state
  if (consumers === 0) return state
  const isNear = Math.abs(lag / (keda.lagThreshold * consumers) - 1) <= toleranceShare
  const byLag = isNear ? consumers : Math.ceil(lag / keda.lagThreshold)
  const bounded = Math.min(Math.max(byLag, keda.minScale, 1), keda.maxScale)
  const wanted = [...state.wanted, { atS, consumers: bounded }].filter((one) => one.atS > atS - stabilizationS)
  const up = Math.min(bounded, Math.max(consumers * 2, consumers + 4))
  const down = Math.max(...wanted.map((one) => one.consumers))
  return { ...state, wanted, consumers: bounded >= consumers ? up : Math.min(consumers, down) }
}

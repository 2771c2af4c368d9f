import type { Revision } from './settings.ts'

/**
 * The rules of Knative's pod autoscaler (KPA), of serving 1.23: pkg/autoscaler/scaling/autoscaler.go, and scaler.go of
 * pkg/reconciler/autoscaling/kpa. The cluster's settings are Knative's defaults.
 */
export const tickS = 2
export const maxScaleUpRate = 1_000
export const maxScaleDownRate = 2
export const scaleToZeroGraceS = 30

export type Observed = {
  atS: number
  readyPods: number
  /** Requests at once, on average over the stable window and over the panic window. */
  stable: number
  panic: number
}

export type ScalerState = {
  /** When it was last over the panic threshold; undefined outside panic mode. */
  panickedAtS: number | undefined
  panicPods: number
  /** As far back as `scaleDownDelayS`. */
  decisions: readonly { atS: number; pods: number }[]
}

export const atRest: ScalerState = { panickedAtS: undefined, panicPods: 0, decisions: [] }

/** How many requests at once a pod is meant to have. */
export const targetOf = ({ target, utilizationPercentage }: Revision) => (target * utilizationPercentage) / 100

/** How many pods there should be by load alone, before `minScale`, `maxScale` and the way to zero. */
export function decide(revision: Revision, state: ScalerState, observed: Observed): [pods: number, ScalerState] {
  const { atS } = observed
  const target = targetOf(revision)
  const ready = Math.max(1, observed.readyPods)
  const wanted = (value: number) => {
    const byLoad = Math.ceil(value / target)
    const bounded = clamp(byLoad, Math.floor(ready / maxScaleDownRate), Math.ceil(ready * maxScaleUpRate))
    return byLoad > 0 ? Math.max(bounded, revision.activationScale) : bounded
  }
  const [stablePods, panicPodsNow] = [wanted(observed.stable), wanted(observed.panic)]

  const isOver = Math.ceil(observed.panic / target) / ready >= revision.panicThresholdPercentage / 100
  const calmSince = (state.panickedAtS ?? Number.NEGATIVE_INFINITY) + revision.windowS
  const panickedAtS = isOver ? atS : calmSince < atS ? undefined : state.panickedAtS
  // while it panics it takes no pods away
  const panicPods = panickedAtS === undefined ? 0 : Math.max(state.panicPods, stablePods, panicPodsNow)
  const pods = panickedAtS === undefined ? stablePods : panicPods

  const recent = state.decisions.filter((decision) => decision.atS > atS - revision.scaleDownDelayS)
  const decisions = revision.scaleDownDelayS > 0 ? [...recent, { atS, pods }] : []
  return [Math.max(pods, ...decisions.map((decision) => decision.pods)), { panickedAtS, panicPods, decisions }]
}

export const withinBounds = ({ minScale, maxScale }: Revision, pods: number) =>
  clamp(pods, minScale, maxScale || Number.POSITIVE_INFINITY)

/**
 * Whether the last pod may go: the activator must have stood before it for the grace period, so that no request meets
 * nobody. Often it stands there already, as one pod has not the capacity for the burst that is to be expected.
 */
export function mayGoToZero({ podRetentionS }: Revision, idleForS: number, behindActivatorForS: number): boolean {
  if (idleForS >= Math.max(scaleToZeroGraceS, podRetentionS)) return true
  return podRetentionS === 0 && behindActivatorForS >= scaleToZeroGraceS
}

/** The activator stands before the pods as long as they could not take the burst that is to be expected. */
export function isBehindActivator({ target, targetBurstCapacity }: Revision, readyPods: number, panic: number) {
  if (readyPods === 0 || targetBurstCapacity < 0) return true
  return targetBurstCapacity > 0 && readyPods * target - targetBurstCapacity - panic < 0
}

const clamp = (value: number, least: number, most: number) => Math.min(Math.max(value, least), most)

/** Seconds with what was seen in each. The mean is over the window, or what there is of it; after a gap it begins anew. */
export type Window = {
  record(second: number, value: number): void
  mean(second: number, windowS: number): number
}

export function createWindow(lengthS: number): Window {
  const values = new Float64Array(lengthS)
  let [first, last] = [0, Number.NEGATIVE_INFINITY]
  return {
    record(second, value) {
      if (second - last >= lengthS) first = second
      for (let gap = Math.max(first, last + 1); gap < second; gap++) values[gap % lengthS] = 0
      values[second % lengthS] = value
      last = second
    },
    mean(second, windowS) {
      let sum = 0
      const from = Math.max(first, second - windowS + 1)
      for (let at = from; at <= Math.min(second, last); at++) sum += values[at % lengthS] ?? 0
      return sum === 0 ? 0 : sum / (second - from + 1)
    },
  }
}

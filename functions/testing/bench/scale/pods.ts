import {
  atRest,
  createWindow,
  decide,
  isBehindActivator,
  mayGoToZero,
  type ScalerState,
  tickS,
  withinBounds,
} from './autoscaler.ts'
import { createFifo, type Fifo } from './fifo.ts'
import type { Revision } from './settings.ts'

/** `goneAtS` is set once it takes nothing new. */
export type Pod = { readyAtS: number; goneAtS: number; queue: Fifo }

/** The pods of a revision and the autoscaler that starts and ends them. */
export type Pods = {
  /** Those that take requests. */
  ready(atS: number): Pod[]
  /** Also those that finish what they have. */
  serving(atS: number): Pod[]
  isBehindActivator(): boolean
  /** Says how many requests were at once in the step that ends now, those that wait for a pod included. */
  observe(atS: number, stepS: number, concurrency: number): void
  /** From their start until they are gone. */
  podSeconds(): number
}

export function createPods(revision: Revision, coldStartS: number, drainS: number): Pods {
  const window = createWindow(Math.max(revision.windowS, 60))
  const panicWindowS = Math.max(1, Math.round((revision.windowS * revision.panicWindowPercentage) / 100))
  let pods: Pod[] = Array.from({ length: revision.minScale }, () => newPod(0))
  let state: ScalerState = atRest
  let [podSeconds, second, sum, part, nextTickS] = [0, 0, 0, 0, tickS]
  let idleSinceS: number | undefined
  let behindSinceS = isBehindActivator(revision, revision.minScale, 0) ? 0 : undefined

  function newPod(readyAtS: number): Pod {
    return { readyAtS, goneAtS: Number.POSITIVE_INFINITY, queue: createFifo() }
  }
  const staying = () => pods.filter(({ goneAtS }) => goneAtS === Number.POSITIVE_INFINITY)
  const ready = (atS: number) => staying().filter(({ readyAtS }) => readyAtS <= atS)

  /** Pods that have not started yet go first, then the youngest. */
  function scaleTo(count: number, atS: number) {
    const now = staying()
    for (let missing = now.length; missing < count; missing++) pods.push(newPod(atS + coldStartS))
    for (const pod of now.slice(count)) pod.goneAtS = pod.readyAtS > atS ? atS : atS + drainS
  }

  function tick(atS: number) {
    const readyPods = ready(atS).length
    const seen = Math.floor(atS + 1e-9) - 1
    const panic = window.mean(seen, panicWindowS)
    const observed = { atS, readyPods, stable: window.mean(seen, revision.windowS), panic }
    const [byLoad, next] = decide(revision, state, observed)
    state = next
    const count = withinBounds(revision, byLoad)
    idleSinceS = count === 0 ? (idleSinceS ?? atS) : undefined
    // one that is idle is put behind the activator before it goes
    const isBehind = idleSinceS !== undefined || isBehindActivator(revision, readyPods, panic)
    behindSinceS = isBehind ? (behindSinceS ?? atS) : undefined
    if (idleSinceS === undefined || behindSinceS === undefined) return scaleTo(count, atS)
    scaleTo(mayGoToZero(revision, atS - idleSinceS, atS - behindSinceS) ? 0 : Math.min(1, staying().length), atS)
  }

  return {
    ready,
    serving: (atS) => pods.filter(({ readyAtS, goneAtS }) => readyAtS <= atS && goneAtS > atS),
    isBehindActivator: () => behindSinceS !== undefined,
    podSeconds: () => podSeconds,
    observe(atS, stepS, concurrency) {
      podSeconds += pods.length * stepS
      pods = pods.filter(({ goneAtS }) => goneAtS > atS)
      sum += concurrency * stepS
      part += stepS
      if (Math.floor(atS + 1e-9) > second) {
        // nobody counts where there is neither a pod nor a request
        if (sum > 0 || pods.length > 0) window.record(second, sum / part)
        second = Math.floor(atS + 1e-9)
        ;[sum, part] = [0, 0]
      }
      // the activator tells of the first request at once
      if (concurrency > 0 && staying().length === 0) scaleTo(Math.max(1, revision.activationScale), atS)
      if (atS + 1e-9 >= nextTickS) {
        tick(atS)
        nextTickS += tickS
      }
    },
  }
}

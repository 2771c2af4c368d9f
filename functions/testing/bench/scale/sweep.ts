import type { Keda, Revision, Settings } from './settings.ts'

/** Settings that differ in one thing each, by what it is. */
export function changedFrom(settings: Settings): { [what: string]: Settings } {
  const { source } = settings
  const ingest = (change: Partial<Revision>) => ({ ...settings, ingest: { ...settings.ingest, ...change } })
  const persist = (change: Partial<Revision>) => ({ ...settings, persist: { ...settings.persist, ...change } })
  const keda = (change: Partial<Keda>) => ({
    ...settings,
    source: { ...source, keda: source.keda && { ...source.keda, ...change } },
  })
  return {
    'ingest: min-scale 0': ingest({ minScale: 0 }),
    'ingest: min-scale 1': ingest({ minScale: 1 }),
    'ingest: min-scale 0, activation-scale 2': ingest({ minScale: 0, activationScale: 2 }),
    'ingest: min-scale 1, target 20': ingest({ minScale: 1, target: 20 }),
    'ingest: min-scale 1, target 50': ingest({ minScale: 1, target: 50 }),
    'ingest: min-scale 1, target 100': ingest({ minScale: 1, target: 100 }),
    'ingest: min-scale 1, window 30s': ingest({ minScale: 1, windowS: 30 }),
    'ingest: min-scale 1, window 120s': ingest({ minScale: 1, windowS: 120 }),
    'ingest: min-scale 1, scale-down-delay 0s': ingest({ minScale: 1, scaleDownDelayS: 0 }),
    'ingest: min-scale 1, scale-down-delay 180s': ingest({ minScale: 1, scaleDownDelayS: 180 }),
    'ingest: min-scale 1, containerConcurrency 500 behind the activator': ingest({
      minScale: 1,
      containerConcurrency: 500,
      targetBurstCapacity: -1,
    }),
    'ingest: min-scale 1, containerConcurrency 100, no activator': ingest({ minScale: 1, containerConcurrency: 100 }),
    'persist: target 10': persist({ target: 10 }),
    'persist: target 35': persist({ target: 35 }),
    'persist: target 50': persist({ target: 50 }),
    'persist: target 100': persist({ target: 100 }),
    'persist: target 200, max-scale 5': persist({ target: 200, maxScale: 5 }),
    'persist: window 60s': persist({ windowS: 60 }),
    'persist: scale-down-delay 60s': persist({ scaleDownDelayS: 60 }),
    'persist: max-scale 5': persist({ maxScale: 5 }),
    'source: max-scale 4, lag-threshold 10000': keda({ maxScale: 4, lagThreshold: 10_000 }),
    'source: max-scale 40': keda({ maxScale: 40 }),
    'source: min-scale 20': keda({ minScale: 20 }),
    'source: lag-threshold 500': keda({ lagThreshold: 500 }),
    'source: lag-threshold 2000': keda({ lagThreshold: 2_000 }),
  }
}

import { join } from 'node:path'
import * as v from 'valibot'
import { build, type Manifest } from '../../manifests/kustomize.ts'

/** How Knative Serving scales a revision. A `maxScale` or `containerConcurrency` of 0 is no limit. */
export type Revision = {
  target: number
  utilizationPercentage: number
  containerConcurrency: number
  minScale: number
  maxScale: number
  activationScale: number
  windowS: number
  panicWindowPercentage: number
  panicThresholdPercentage: number
  scaleDownDelayS: number
  podRetentionS: number
  targetBurstCapacity: number
}

/** How a KafkaSource delivers. Without `keda` its consumers are always there. */
export type Source = {
  ordering: 'ordered' | 'unordered'
  consumers: number
  keda: Keda | undefined
}
export type Keda = { minScale: number; maxScale: number; lagThreshold: number; pollingS: number; cooldownS: number }

export type Settings = { ingest: Revision; persist: Revision; source: Source }

const seconds = (text: string) => Number(/^(\d+)s$/.exec(text)?.[1] ?? Number(/^(\d+)m$/.exec(text)?.[1]) * 60)
const Count = (otherwise: string) => v.pipe(v.optional(v.string(), otherwise), v.transform(Number), v.number())
const Seconds = (otherwise: string) => v.pipe(v.optional(v.string(), otherwise), v.transform(seconds), v.number())

/** Knative's defaults stand in for what is absent. Strict: what is not simulated must not seem to be without effect. */
const Autoscaling = v.strictObject({
  metric: v.optional(v.literal('concurrency')),
  target: v.optional(v.pipe(v.string(), v.transform(Number))),
  'target-utilization-percentage': Count('70'),
  'target-burst-capacity': Count('211'),
  'min-scale': Count('0'),
  'max-scale': Count('0'),
  'activation-scale': Count('1'),
  window: Seconds('60s'),
  'panic-window-percentage': Count('10'),
  'panic-threshold-percentage': Count('200'),
  'scale-down-delay': Seconds('0s'),
  'scale-to-zero-pod-retention-period': Seconds('0s'),
})
const KedaScaling = v.strictObject({
  class: v.literal('keda.autoscaling.knative.dev'),
  'min-scale': Count('0'),
  'max-scale': Count('50'),
  'lag-threshold': Count('100'),
  'polling-interval': Count('10'),
  'cooldown-period': Count('30'),
})
const Annotations = v.optional(v.record(v.string(), v.string()), {})
const KnativeService = v.object({
  spec: v.object({
    template: v.object({
      metadata: v.optional(v.object({ annotations: Annotations }), {}),
      spec: v.object({ containerConcurrency: v.optional(v.number(), 0) }),
    }),
  }),
})
const KafkaSource = v.object({
  metadata: v.object({ annotations: Annotations }),
  spec: v.object({
    ordering: v.optional(v.picklist(['ordered', 'unordered']), 'ordered'),
    consumers: v.optional(v.number(), 1),
  }),
})

const below = (prefix: string, annotations: { [name: string]: string }) =>
  Object.fromEntries(
    Object.entries(annotations).flatMap(([name, value]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [],
    ),
  )

export function revisionOf(service: unknown): Revision {
  const { metadata, spec } = v.parse(KnativeService, service).spec.template
  const scaling = v.parse(Autoscaling, below('autoscaling.knative.dev/', metadata.annotations))
  const limit = spec.containerConcurrency
  return {
    target: Math.min(scaling.target ?? (limit || 100), limit || Number.POSITIVE_INFINITY),
    utilizationPercentage: scaling['target-utilization-percentage'],
    containerConcurrency: limit,
    minScale: scaling['min-scale'],
    maxScale: scaling['max-scale'],
    activationScale: scaling['activation-scale'],
    windowS: scaling.window,
    panicWindowPercentage: scaling['panic-window-percentage'],
    panicThresholdPercentage: scaling['panic-threshold-percentage'],
    scaleDownDelayS: scaling['scale-down-delay'],
    podRetentionS: scaling['scale-to-zero-pod-retention-period'],
    targetBurstCapacity: scaling['target-burst-capacity'],
  }
}

export function sourceOf(source: unknown): Source {
  const { metadata, spec } = v.parse(KafkaSource, source)
  const scaling = below('autoscaling.eventing.knative.dev/', metadata.annotations)
  return { ...spec, keda: Object.keys(scaling).length > 0 ? kedaOf(v.parse(KedaScaling, scaling)) : undefined }
}

const kedaOf = (scaling: v.InferOutput<typeof KedaScaling>): Keda => ({
  minScale: scaling['min-scale'],
  maxScale: scaling['max-scale'],
  lagThreshold: scaling['lag-threshold'],
  pollingS: scaling['polling-interval'],
  cooldownS: scaling['cooldown-period'],
})

/** What a cluster does with a Service and a KafkaSource that say nothing of scaling. */
export const knativeDefaults: Settings = {
  ingest: revisionOf({ spec: { template: { spec: {} } } }),
  persist: revisionOf({ spec: { template: { spec: {} } } }),
  source: sourceOf({ metadata: {}, spec: {} }),
}

/** Those of a kustomization of knative/, as it is rendered. */
export function settingsOf(folder: string): Settings {
  const manifests = build(join(import.meta.dirname, '../../../../knative', folder))
  const one = (api: string, kind: string, name: string): Manifest | undefined =>
    manifests.find(
      (manifest) => manifest.apiVersion.startsWith(api) && manifest.kind === kind && manifest.metadata.name === name,
    )
  return {
    ingest: revisionOf(one('serving.knative.dev/', 'Service', 'ingest')),
    persist: revisionOf(one('serving.knative.dev/', 'Service', 'persist')),
    source: sourceOf(one('sources.knative.dev/', 'KafkaSource', 'activities')),
  }
}

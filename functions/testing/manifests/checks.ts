import { isDeepStrictEqual } from 'node:util'
import { Config as IngestConfig } from '@activity-log/ingest/config.ts'
import { Config as PersistConfig } from '@activity-log/persist/config.ts'
import { deliveryRule } from '@activity-log/persist/delivery-config.ts'
import { Config as QueryConfig } from '@activity-log/query/config.ts'
import { accessRule } from '@activity-log/shared/access-config.ts'
import { kafkaDefaults, kafkaRule } from '@activity-log/shared/broker/kafka-config.ts'
import { readConfig } from '@activity-log/shared/config.ts'
import { deliveryPolicy, retryDelayMs } from '@activity-log/shared/dispatch/delivery.ts'
import * as v from 'valibot'
import type { Manifest } from './kustomize.ts'

/**
 * A check of a rule that no schema of Kubernetes or Knative contains: the manifests have to agree with the code. It
 * takes all manifests that are applied together, and returns a line for each mistake.
 */
export type Check = (manifests: readonly Manifest[]) => string[]

const KeyRef = v.object({ name: v.string(), key: v.string() })
export const Container = v.object({
  env: v.optional(
    v.array(
      v.object({
        name: v.string(),
        value: v.optional(v.string()),
        valueFrom: v.optional(v.object({ secretKeyRef: KeyRef })),
      }),
    ),
    [],
  ),
  envFrom: v.array(v.strictObject({ configMapRef: v.object({ name: v.string() }) })),
  readinessProbe: v.optional(v.unknown()),
  livenessProbe: v.optional(v.unknown()),
  startupProbe: v.optional(v.unknown()),
})
const KnativeService = v.object({
  metadata: v.object({ name: v.string(), labels: v.optional(v.record(v.string(), v.string()), {}) }),
  spec: v.object({
    template: v.object({
      spec: v.object({ timeoutSeconds: v.optional(v.number(), 300), containers: v.tuple([Container]) }),
    }),
  }),
})
const Ref = v.object({ kind: v.string(), name: v.string() })
const KafkaSource = v.object({
  metadata: v.object({ name: v.string() }),
  spec: v.object({
    consumerGroup: v.string(),
    bootstrapServers: v.array(v.string()),
    topics: v.array(v.string()),
    delivery: v.object({
      retry: v.number(),
      backoffPolicy: v.picklist(['linear', 'exponential']),
      backoffDelay: v.string(),
      timeout: v.string(),
      deadLetterSink: v.object({ ref: Ref }),
    }),
    sink: v.object({ ref: Ref, uri: v.optional(v.string(), '/'), audience: v.optional(v.string()) }),
  }),
})
const KafkaSink = v.object({
  metadata: v.object({ name: v.string() }),
  spec: v.object({ bootstrapServers: v.array(v.string()), topic: v.string() }),
})
const TopicsJob = v.object({
  spec: v.object({
    template: v.object({ spec: v.object({ containers: v.tuple([v.object({ args: v.tuple([v.string()]) })]) }) }),
  }),
})
const ConfigMap = v.object({ metadata: v.object({ name: v.string() }), data: v.record(v.string(), v.string()) })

type AnySchema = v.BaseSchema<unknown, unknown, v.BaseIssue<unknown>>
export function all<Schema extends AnySchema>(
  manifests: readonly Manifest[],
  kind: string,
  schema: Schema,
  group = '',
) {
  return manifests
    .filter((manifest) => manifest.kind === kind && manifest.apiVersion.startsWith(group))
    .map((manifest) => v.parse(schema, manifest))
}
export const functionsIn = (manifests: readonly Manifest[]) =>
  all(manifests, 'Service', KnativeService, 'serving.knative.dev/')
export const sourcesIn = (manifests: readonly Manifest[]) => all(manifests, 'KafkaSource', KafkaSource)
const sinksIn = (manifests: readonly Manifest[]) => all(manifests, 'KafkaSink', KafkaSink)
const configMapsIn = (manifests: readonly Manifest[]) => all(manifests, 'ConfigMap', ConfigMap)

/** One line if the values differ. */
export function differs(what: string, is: unknown, ought: unknown): string[] {
  const [a, b] = [JSON.stringify(is), JSON.stringify(ought)]
  return a === b ? [] : [`${what} is ${a} and should be ${b}`]
}

/** Reads the durations of ISO 8601 that the manifests use. */
function durationMs(text: string): number {
  const seconds = /^PT(\d+(?:\.\d+)?)S$/.exec(text)?.[1]
  return seconds === undefined ? Number.NaN : Number(seconds) * 1000
}

/** A record becomes a dead letter after a day of failures; the embedded log promises the same. */
export const deliveryIsThatOfTheCode: Check = (manifests) =>
  sourcesIn(manifests).flatMap(({ metadata, spec: { delivery } }) => {
    const policy = {
      retry: delivery.retry,
      backoffPolicy: delivery.backoffPolicy,
      backoffDelayMs: durationMs(delivery.backoffDelay),
      timeoutMs: durationMs(delivery.timeout),
    }
    const waits = Array.from({ length: policy.retry }, (_, at) => retryDelayMs(policy, at + 1))
    const hours = waits.reduce((sum, wait) => sum + wait, 0) / 3_600_000
    return [
      ...differs(`${metadata.name}: delivery`, policy, deliveryPolicy),
      ...(Math.abs(hours - 24) < 0.1 ? [] : [`${metadata.name}: gives up after ${hours.toFixed(1)} h`]),
    ]
  })

/**
 * The dispatcher's timeout equals the sink's: a longer one is never reached, and after a shorter one the sink may still
 * save a record that is delivered again.
 */
export const timeoutIsThatOfTheSink: Check = (manifests) =>
  sourcesIn(manifests).flatMap(({ metadata, spec: { delivery, sink } }) =>
    functionsIn(manifests)
      .filter((service) => service.metadata.name === sink.ref.name)
      .flatMap(({ spec }) =>
        differs(`${metadata.name}: timeout`, durationMs(delivery.timeout) / 1000, spec.template.spec.timeoutSeconds),
      ),
  )

/**
 * timeoutSeconds is also the grace period: 30 s for queue-proxy's drain, 10 s for the function's own, and time to
 * spare.
 */
export const stopsInTime: Check = (manifests) =>
  functionsIn(manifests)
    .filter(({ spec }) => spec.template.spec.timeoutSeconds < 60)
    .map(({ metadata }) => `${metadata.name}: timeoutSeconds is below 60`)

const visibility = 'networking.knative.dev/visibility'

export const areClusterLocal =
  (...names: string[]): Check =>
  (manifests) =>
    functionsIn(manifests)
      .filter(({ metadata }) => names.includes(metadata.name) && metadata.labels[visibility] !== 'cluster-local')
      .map(({ metadata }) => `${metadata.name} is public`)

const routeKinds = ['HTTPRoute', 'GRPCRoute', 'DomainMapping', 'Ingress']
/** The requests that replay or discard one dead letter; the patterns match whole paths. */
const operations = [
  { path: { type: 'RegularExpression', value: '^/dead-letters/[0-9a-f]{32}/replay$' }, method: 'POST' },
  { path: { type: 'RegularExpression', value: '^/dead-letters/[0-9a-f]{32}$' }, method: 'DELETE' },
  { path: { type: 'RegularExpression', value: '^/viewer/dead-letters/[0-9a-f]{32}$' }, method: 'POST' },
]

/** Only the operations on dead letters are routed to persist; deliveries are reserved for the sources. */
export const persistIsRoutedForOperations: Check = (manifests) =>
  manifests
    .filter(({ kind, apiVersion }) => routeKinds.includes(kind) || (kind === 'Service' && apiVersion === 'v1'))
    .filter((manifest) => leadsToPersist(withoutOperations(manifest)))
    .map(({ kind, metadata }) => `${kind} ${metadata.name} leads to persist`)

const leadsToPersist = (value: unknown) => JSON.stringify(value).includes('persist')

const Rules = v.looseObject({ spec: v.object({ rules: v.array(v.looseObject({ matches: v.array(v.unknown()) })) }) })

function withoutOperations(manifest: Manifest): unknown {
  if (manifest.kind !== 'HTTPRoute') return manifest
  const { rules } = v.parse(Rules, manifest).spec
  const isOperation = (match: unknown) => operations.some((operation) => isDeepStrictEqual(match, operation))
  return rules.filter(({ matches }) => !matches.every(isOperation))
}

/** Checks topics, groups and brokers wherever they are named. */
export const namesAreThoseOfTheCode: Check = (manifests) => {
  const { topic, deadLetterTopic, group } = kafkaDefaults
  const settings = Object.assign({}, ...configMapsIn(manifests).map(({ data }) => data))
  const topicOf = (sink: string) => sinksIn(manifests).find(({ metadata }) => metadata.name === sink)?.spec.topic
  const source = (name: string) => sourcesIn(manifests).find(({ metadata }) => metadata.name === name)?.spec
  const [activities, deadLetters] = [source('activities'), source('activities-dead-letter')]
  const [job] = all(manifests, 'Job', TopicsJob)
  const script = job?.spec.template.spec.containers[0].args[0] ?? ''
  const made = [...script.matchAll(/^topic ([\w.-]+) \d+ /gm)].map(([, name]) => name)
  const used = [topic, ...sinksIn(manifests).map(({ spec }) => spec.topic)]
  const connected = [...sourcesIn(manifests), ...sinksIn(manifests)]
  return [
    ...differs('KAFKA_TOPIC', settings.KAFKA_TOPIC, topic),
    ...differs('the topic of source activities', activities?.topics, [topic]),
    ...differs('the group of source activities', activities?.consumerGroup, group),
    ...differs('the dead letter topic', topicOf(activities?.delivery.deadLetterSink.ref.name ?? ''), deadLetterTopic),
    ...differs('the topic of source activities-dead-letter', deadLetters?.topics, [deadLetterTopic]),
    ...differs('the group of source activities-dead-letter', deadLetters?.consumerGroup, `${group}-dead-letters`),
    ...differs('the path of dead letters', deadLetters?.sink.uri, '/undelivered'),
    ...(job ? differs('topics made', made.toSorted(), used.toSorted()) : []),
    ...connected.flatMap(({ metadata, spec }) =>
      differs(`${metadata.name}: brokers`, spec.bootstrapServers.join(), settings.KAFKA_BROKERS),
    ),
  ]
}

/**
 * Follows a record from dead letter to dead letter, which must not lead back to a topic that it has left. The dead
 * letters of a source go to a KafkaSink, because keeping them anywhere else would need another system to be up.
 */
export const deadLettersDoNotGoRound: Check = (manifests) => {
  const topicOf = (ref: v.InferOutput<typeof Ref>) =>
    sinksIn(manifests).find(({ metadata }) => ref.kind === 'KafkaSink' && metadata.name === ref.name)?.spec.topic
  const sources = sourcesIn(manifests).map(({ metadata, spec }) => ({
    name: metadata.name,
    topics: spec.topics,
    next: topicOf(spec.delivery.deadLetterSink.ref),
  }))
  const goesRound = (topic: string | undefined, seen: readonly string[]): boolean =>
    topic !== undefined &&
    (seen.includes(topic) ||
      sources.some((source) => source.topics.includes(topic) && goesRound(source.next, [...seen, topic])))
  return sources.flatMap(({ name, topics, next }) => {
    if (next === undefined) return [`${name}: its dead letters do not go to a KafkaSink`]
    return topics.some((topic) => goesRound(topic, [])) ? [`${name}: its dead letters go round`] : []
  })
}

const rules = [accessRule, kafkaRule, deliveryRule] as const
const configs = { ingest: IngestConfig, persist: PersistConfig, query: QueryConfig } as const

/** Sample values for the Secrets, to see whether the functions would start with them. */
const secretValues: { [key: string]: string } = {
  'persist-uri': 'mongodb://persist:secret@mongodb.example.com:27017/?replicaSet=rs0&tls=true',
  'query-uri': 'mongodb://query:secret@mongodb.example.com:27017/?replicaSet=rs0&tls=true',
  'sasl.mechanism': 'SCRAM-SHA-512',
  user: 'ingest',
  password: 'secret',
  'ca.crt': '-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n',
}

/** Each function gets exactly the variables that it reads, and starts with them. */
export const environmentIsWhatTheFunctionsRead: Check = (manifests) =>
  functionsIn(manifests).flatMap(({ metadata, spec }) => {
    const Config = Object.entries(configs).find(([name]) => name === metadata.name)?.[1]
    if (!Config) return [`${metadata.name} is not a function`]
    const environment = environmentOf(spec.template.spec.containers[0], manifests)
    const known = Object.keys(Config.entries).filter((name) => name !== 'PORT')
    const unknown = Object.keys(environment).filter((name) => !known.includes(name))
    return [
      ...unknown.map((name) => `${metadata.name} does not read ${name}`),
      ...complaints(() => readConfig<v.ObjectSchema<v.ObjectEntries, undefined>>(Config, environment, ...rules)),
    ].map((line) => line.replaceAll('\n', ''))
  })

/** The variables of a container, from the ConfigMaps and values that it names. */
export function environmentOf(
  { env, envFrom }: v.InferOutput<typeof Container>,
  manifests: readonly Manifest[],
): { [name: string]: string } {
  const configMaps = new Map(configMapsIn(manifests).map(({ metadata, data }) => [metadata.name, data]))
  return Object.assign(
    {},
    ...envFrom.map(({ configMapRef }) => configMaps.get(configMapRef.name)),
    ...env.map(({ name, value, valueFrom }) => ({
      [name]: value ?? secretValues[valueFrom?.secretKeyRef.key ?? ''],
    })),
  )
}

function complaints(read: () => unknown): string[] {
  try {
    read()
    return []
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)]
  }
}

/**
 * queue-proxy probes every 50 ms if periodSeconds is not set. A probe of the kubelet would lengthen a cold start, or
 * end a function that only waits. createService answers /healthz without asking any other system (manifests.test.ts).
 */
export const healthPath = '/healthz'
export const probesAreQuick: Check = (manifests) =>
  functionsIn(manifests).flatMap(({ metadata: { name }, spec }) => {
    const [{ readinessProbe, livenessProbe, startupProbe }] = spec.template.spec.containers
    return [
      ...differs(`${name}: readinessProbe`, readinessProbe, { httpGet: { path: healthPath } }),
      ...differs(`${name}: livenessProbe`, livenessProbe, undefined),
      ...differs(`${name}: startupProbe`, startupProbe, undefined),
    ]
  })

/** A committed Secret may contain addresses, but no credentials. */
export const secretsHoldNoCredentials: Check = (manifests) =>
  all(manifests, 'Secret', ConfigMap).flatMap(({ metadata, data }) =>
    Object.entries(data)
      .map(([key, encoded]) => [key, Buffer.from(encoded, 'base64').toString()] as const)
      .filter(([, value]) => !/^mongodb:\/\/[\w.:,-]+\/(\?[\w=&]*)?$/.test(value))
      .map(([key]) => `Secret ${metadata.name}: ${key} is not an address without credentials`),
  )

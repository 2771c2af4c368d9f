import { setTimeout as wait } from 'node:timers/promises'
import type { Manifest } from '../manifests/kustomize.ts'
import type { CommandOptions, Control } from './command.ts'
import { ingressNamespace, namespace } from './deployment.ts'
import { type FunctionName, functions } from './images.ts'

export type Condition = { type: string; status: string; reason?: string; message?: string }
export type ContainerStatus = {
  name: string
  ready: boolean
  restartCount: number
  containerID?: string
  lastState?: { terminated?: { exitCode: number } }
  state?: { terminated?: { exitCode: number }; running?: object }
}
export type Pod = {
  metadata: { name: string; uid: string; labels?: { [name: string]: string }; deletionTimestamp?: string }
  spec: { [field: string]: unknown; containers: readonly { name: string; [field: string]: unknown }[] }
  status: { podIP?: string; phase: string; containerStatuses?: readonly ContainerStatus[]; conditions?: Condition[] }
}
export type KnativeService = {
  metadata: { name: string; generation: number }
  spec: { template: { metadata: { annotations?: { [name: string]: string } } } }
  status: {
    observedGeneration?: number
    url?: string
    latestReadyRevisionName?: string
    latestCreatedRevisionName?: string
    conditions?: Condition[]
  }
}

export type Cluster = {
  control: Control
  kubectl(args: string, options?: CommandOptions): Promise<string>
  /** `kubectl get` in the namespace of the log. */
  get<Item>(what: string): Promise<Item>
  apply(manifests: readonly Manifest[]): Promise<void>
  /** The pods of a function that are not on their way out. */
  podsOf(name: string): Promise<Pod[]>
  service(name: FunctionName): Promise<KnativeService>
  /** Resolves when the newest revision of each function is the one that answers, and the sources and servers are up. */
  ready(): Promise<void>
  /** The number of records in the topic, as Kafka reports it. */
  positions(): Promise<number>
  /** Deletes the log with its data. */
  deleteLog(): Promise<void>
  /** The address of the ingress, and the names under which it knows the functions. */
  entrance(): Promise<{ address: string; hosts: { [name in FunctionName]: string } }>
}

const pollMs = 250
/** It ends a run that would not end by itself. A busy machine may take minutes for anything. */
const limitMs = 600_000

export const conditionOf = (service: KnativeService, type: string) =>
  service.status.conditions?.find((condition) => condition.type === type)

export function openCluster(control: Control): Cluster {
  const kubectl = (args: string, options?: CommandOptions) =>
    control(['kubectl', '-n', namespace, ...args.split(' ')], options)
  const get = async <Item>(what: string) => JSON.parse(await kubectl(`get ${what} -o json`)) as Item
  const service = (name: FunctionName) => get<KnativeService>(`ksvc ${name}`)

  async function podsOf(name: string) {
    const label = (functions as readonly string[]).includes(name)
      ? `serving.knative.dev/service=${name}`
      : `app.kubernetes.io/name=${name}`
    const { items } = await get<{ items: Pod[] }>(`pods -l ${label}`)
    return items.filter(({ metadata, status }) => !metadata.deletionTimestamp && status.phase !== 'Succeeded')
  }

  const isReady = (one: KnativeService) =>
    one.status.observedGeneration === one.metadata.generation &&
    conditionOf(one, 'Ready')?.status === 'True' &&
    one.status.latestReadyRevisionName === one.status.latestCreatedRevisionName

  return {
    control,
    kubectl,
    get,
    podsOf,
    service,
    async apply(items) {
      await kubectl('apply -f -', { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) })
    },
    async ready() {
      await kubectl('rollout status statefulset/kafka --timeout=600s')
      await kubectl('rollout status statefulset/mongodb --timeout=600s')
      await eventually('all functions are ready', async () => {
        const { items } = await get<{ items: KnativeService[] }>('ksvc')
        return items.length >= functions.length && items.every(isReady)
      })
      await kubectl('rollout status deployment/kafka-source --timeout=600s')
      await kubectl('rollout status deployment/dead-letter-source --timeout=600s')
    },
    async positions() {
      const script = '/opt/kafka/bin/kafka-get-offsets.sh --bootstrap-server localhost:9092 --topic activities'
      const said = await kubectl(`exec kafka-0 -- env KAFKA_HEAP_OPTS=-Xmx64m ${script}`)
      return said
        .trim()
        .split('\n')
        .reduce((sum, line) => sum + Number(line.split(':').at(-1)), 0)
    },
    async deleteLog() {
      await control(['kubectl', 'delete', 'namespace', namespace, '--ignore-not-found'])
      await control(['volumes'])
    },
    async entrance() {
      const address = await control([
        'kubectl',
        '-n',
        ingressNamespace,
        'get',
        'service',
        'ingress',
        '-o',
        'jsonpath={.spec.clusterIP}',
      ])
      const hosts = await Promise.all(
        functions.map(async (name) => [name, new URL((await service(name)).status.url ?? '').host] as const),
      )
      return { address, hosts: Object.fromEntries(hosts) as { [name in FunctionName]: string } }
    },
  }
}

/** Resolves when the condition holds. An error of the condition counts as no. */
export async function eventually(what: string, condition: () => Promise<boolean>): Promise<number> {
  const began = performance.now()
  let last: unknown
  for (;;) {
    const holds = await condition().catch((error: unknown) => {
      last = error
      return false
    })
    const ms = performance.now() - began
    if (holds) return Math.round(ms)
    if (ms > limitMs) throw new Error(`not after ${Math.round(limitMs / 1000)} s: ${what}`, { cause: last })
    await wait(pollMs)
  }
}

import { join } from 'node:path'
import { type Manifest, renderFolder } from '../manifests/kustomize.ts'
import { type FunctionName, functions, imageName, mongodbImage } from './images.ts'

export const namespace = 'activity-log'

type Container = {
  image: string
  env?: { name: string; value?: string }[]
  livenessProbe?: unknown
  resources: { requests: { [name: string]: string } }
  [field: string]: unknown
}
type Template = {
  metadata: { annotations?: { [name: string]: string } }
  spec: { containers: [Container] }
}
type WithTemplate = Manifest & { spec: { template: Template } }

export const isFunction = ({ kind, apiVersion }: Manifest) =>
  kind === 'Service' && apiVersion.startsWith('serving.knative.dev/')

const hasTemplate = (manifest: Manifest): manifest is WithTemplate =>
  isFunction(manifest) || ['Deployment', 'StatefulSet'].includes(manifest.kind)

export type Changes = {
  tag?: string
  /** Whether it has the probes that only the present images answer. */
  isEarlier?: boolean
  /** Whether the functions ask for keys, which are in Secrets. */
  asksForKeys?: boolean
  /** More environment variables of a function. */
  env?: { [name in FunctionName]?: { [variable: string]: string } }
  /** Annotations of every function, for a cluster in a hurry; null takes one away. */
  annotations?: { [name: string]: string | null }
}

const root = join(import.meta.dirname, '../../..')
const overlays = { open: 'knative/overlays/serving-only', keys: 'functions/testing/manifests/keys' }

/** The overlay serving-only, with these images and changes. */
export function deployment(changes: Changes = {}): Manifest[] {
  const { tag = 'dev', isEarlier = false, asksForKeys = false, env = {}, annotations = {} } = changes
  const manifests = renderFolder(join(root, asksForKeys ? overlays.keys : overlays.open))
  for (const manifest of manifests) {
    if (manifest.kind === 'Secret' && manifest.metadata.name === 'mongodb') {
      const uri = Buffer.from(mongodbUri).toString('base64')
      manifest.data = { 'persist-uri': uri, 'query-uri': uri }
    }
    if (!hasTemplate(manifest)) continue
    const { metadata, spec } = manifest.spec.template
    const [container] = spec.containers
    container.image = container.image.replace(/^(dev\.local\/.*):\w+$/, `$1:${tag}`).replace(/^mongo:8$/, mongodbImage)
    // the cluster has the processors of this machine, and for a while there are two or three revisions of everything
    container.resources.requests['cpu'] = '10m'
    if (isEarlier && manifest.kind === 'Deployment') delete container.livenessProbe
    if (!isFunction(manifest)) continue
    const more = Object.entries(env[manifest.metadata.name as FunctionName] ?? {})
    container.env = [...(container.env ?? []), ...more.map(([name, value]) => ({ name, value }))]
    const changed = { ...metadata.annotations, ...annotations }
    metadata.annotations = Object.fromEntries(
      Object.entries(changed).filter((entry): entry is [string, string] => entry[1] !== null),
    )
  }
  return [...manifests, fromThisIngress]
}

/** Some servers that stand in for MongoDB call their replica set by another name. */
export const mongodbUri = `mongodb://mongodb.${namespace}.svc:27017/?directConnection=true`

export const ingressNamespace = process.env['CLUSTER_INGRESS_NAMESPACE'] || 'knative-ingress'

/** The policies of the base know Kourier; the ingress of the cluster under test may be another. */
const fromThisIngress: Manifest = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'from-this-ingress', namespace },
  spec: {
    podSelector: {
      matchExpressions: [{ key: 'serving.knative.dev/service', operator: 'In', values: [...functions] }],
    },
    policyTypes: ['Ingress'],
    ingress: [
      {
        from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': ingressNamespace } } }],
        ports: [{ protocol: 'TCP', port: 8012 }],
      },
    ],
  },
}

/** A program of Node in the image of the local tools, as a pod that may run in the namespace. */
export function aPod(
  name: string,
  script: string,
  { labels = {}, in: where = namespace, env = {}, command = ['/nodejs/bin/node', '-e', script] }: PodOptions = {},
): Manifest {
  const container = {
    name: 'main',
    image: imageName('local', 'dev'),
    command,
    env: Object.entries(env).map(([variable, value]) => ({ name: variable, value })),
    resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { cpu: '1', memory: '128Mi' } },
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    },
  }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: where, labels },
    spec: { restartPolicy: 'Never', automountServiceAccountToken: false, containers: [container] },
  }
}
export type PodOptions = {
  labels?: { [name: string]: string }
  in?: string
  env?: { [variable: string]: string }
  /** Instead of the script. */
  command?: readonly string[]
}

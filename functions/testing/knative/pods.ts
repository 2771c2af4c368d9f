import type { Cluster, Pod } from './cluster.ts'
import { eventually } from './cluster.ts'
import { namespace } from './deployment.ts'
import { functions } from './images.ts'
import { type Findings, type Proof, table } from './proof.ts'

type Spec = {
  serviceAccountName: string
  automountServiceAccountToken?: boolean
  terminationGracePeriodSeconds: number
  volumes?: { name: string; projected?: unknown }[]
}
type Container = {
  name: string
  readinessProbe?: unknown
  livenessProbe?: unknown
  resources: { limits?: { [name: string]: string } }
  securityContext?: { readOnlyRootFilesystem?: boolean }
}

const sources = ['kafka-source', 'dead-letter-source']
const containerOf = (name: string) => (sources.includes(name) ? 'source' : name)
const script = `
let write = 'ok'
try { require('fs').writeFileSync('/app/x', '') } catch (error) { write = error.code }
console.log(JSON.stringify({ uid: process.getuid(), write, token: require('fs').existsSync('/var/run/secrets/kubernetes.io') }))`

/** What stands in the pods, and what the processes in them may do. */
export const pods: Proof = {
  title: 'The pods',
  async run({ cluster, origins, say }): Promise<Findings> {
    say('asking the pods')
    const problems: string[] = []
    const rows: (string | number)[][] = []
    for (const name of [...functions, ...sources]) {
      const pod = await aPodOf(cluster, name, origins)
      const spec = pod.spec as unknown as Spec
      const container = pod.spec.containers.find((one) => one.name === containerOf(name)) as Container | undefined
      const said = await cluster.kubectl(`exec -i ${pod.metadata.name} -c ${containerOf(name)} -- /nodejs/bin/node -`, {
        input: script,
      })
      const { uid, write, token } = JSON.parse(said) as { uid: number; write: string; token: boolean }
      const limits = container?.resources.limits ?? {}
      const isFunction = !sources.includes(name)
      const expect = (isRight: boolean, what: string) => {
        if (!isRight) problems.push(`${name}: ${what}`)
      }
      expect(uid === 65_532, `runs as ${uid}`)
      expect(write === 'EROFS', `may write: ${write}`)
      expect(!token && spec.automountServiceAccountToken !== true, 'has a token of the API server')
      expect(spec.serviceAccountName === (isFunction ? name : 'kafka-source'), `runs as ${spec.serviceAccountName}`)
      expect(spec.terminationGracePeriodSeconds === (isFunction ? 60 : 30), 'has another grace period')
      expect(isFunction || container?.livenessProbe !== undefined, 'has no liveness probe')
      for (const limit of ['cpu', 'memory', 'ephemeral-storage'])
        expect(limits[limit] !== undefined, `has no limit of ${limit}`)
      rows.push([
        name,
        uid,
        write,
        spec.serviceAccountName,
        token ? 'yes' : 'no',
        spec.terminationGracePeriodSeconds,
        Object.entries(limits)
          .map(([limit, value]) => `${limit} ${value}`)
          .join(', '),
        await probes(pod, container),
      ])
    }
    const refused = await refusesPrivileges(cluster)
    if (!refused) problems.push('the namespace takes a pod that is not restricted')
    const head = ['pod', 'user', 'write to /app', 'service account', 'token', 'grace period, s', 'limits', 'probes']
    const text = [table(head, rows), `The namespace ${refused ? 'rejects' : 'TAKES'} a pod that is not restricted.`]
    return { text, problems }
  },
}

/** A function may be at zero; any request starts it. */
async function aPodOf(cluster: Cluster, name: string, origins: { [name: string]: string }): Promise<Pod> {
  let found: Pod | undefined
  await eventually(`${name} has a pod`, async () => {
    if (origins[name]) await fetch(`${origins[name]}/healthz`)
    const running = await cluster.podsOf(name)
    found = running.find(({ status }) => status.containerStatuses?.every(({ ready }) => ready))
    return found !== undefined
  })
  if (!found) throw new Error(`${name} has no pod`)
  return found
}

/** Knative moves the readiness probe of a function to queue-proxy. */
async function probes(pod: Pod, container: Container | undefined): Promise<string> {
  const proxy = pod.spec.containers.find(({ name }) => name === 'queue-proxy') as Container | undefined
  const has = [
    container?.readinessProbe && 'readiness',
    proxy?.readinessProbe && 'readiness, by queue-proxy',
    container?.livenessProbe && 'liveness',
  ]
  return has.filter(Boolean).join(', ')
}

/** Asks the API server, which creates nothing. */
async function refusesPrivileges(cluster: Cluster): Promise<boolean> {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'privileged', namespace },
    spec: { containers: [{ name: 'main', image: 'dev.local/any:1', securityContext: { privileged: true } }] },
  }
  try {
    await cluster.kubectl('apply --dry-run=server -f -', { input: JSON.stringify(pod) })
    return false
  } catch (error) {
    return `${error}`.includes('PodSecurity')
  }
}

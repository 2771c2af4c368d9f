import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Manifest } from '../manifests/kustomize.ts'
import { type Cluster, eventually } from './cluster.ts'
import { aPod, ingressNamespace, namespace } from './deployment.ts'
import { functions } from './images.ts'
import { type Findings, type Proof, table } from './proof.ts'

type Target = { name: string; host: string; port: number; path?: string }

const connectMs = 5000
/** What enforces the policies learns about a new pod a moment after it runs. */
const knownAfterMs = 8000
/** Connects to each target, or asks for a page where a name leads to the ingress, and prints what it reached. */
const script = `
const { connect } = require('net')
const { get } = require('http')
const reached = []
const tried = ({ name, host, port, path }) => new Promise((resolve) => {
  const end = (isThere) => { if (isThere) reached.push(name); resolve() }
  setTimeout(() => end(false), ${connectMs})
  if (path) get({ host, port, path }, (answer) => end(answer.statusCode === 200)).on('error', () => end(false))
  else connect({ host, port }, () => end(true)).on('error', () => end(false))
})
setTimeout(async () => {
  await Promise.all(JSON.parse(process.env.TARGETS).map(tried))
  console.log(JSON.stringify([...new Set(reached)]))
  process.exit()
}, ${knownAfterMs})`

/** Where a pod tries from, by the words of knative/README.md. */
export const places: { [from: string]: { in?: string; labels?: { [name: string]: string } } } = {
  'another namespace': { in: 'default' },
  ingest: { labels: { 'serving.knative.dev/service': 'ingest' } },
  persist: { labels: { 'serving.knative.dev/service': 'persist' } },
  query: { labels: { 'serving.knative.dev/service': 'query' } },
  'the stand-in for KafkaSource': { labels: { 'app.kubernetes.io/name': 'kafka-source' } },
  'another pod of the namespace': {},
  'knative-serving': { in: 'knative-serving' },
  'knative-eventing': { in: 'knative-eventing' },
  'the ingress': { in: ingressNamespace },
}

/** NetworkPolicies, enforced: which pod reaches what, compared with the table of knative/README.md. */
export const policies: Proof = {
  title: 'NetworkPolicies, enforced',
  async run({ cluster, origins, account, say }): Promise<Findings> {
    const documented = documentedTable()
    await cluster.control(['policies', 'on'])
    try {
      say('a pod of each kind tries every address')
      for (const name of functions) await fetch(`${origins[name]}/healthz`)
      const targets = await allTargets(cluster)
      const found = new Map<string, string[]>()
      const froms = Object.keys(places)
      await makeNamespace(cluster, 'knative-eventing')
      await Promise.all(froms.map(async (from, at) => found.set(from, await reachedFrom(cluster, from, at, targets))))
      const problems = froms.flatMap((from) => {
        const [is, ought] = [found.get(from)?.toSorted(), documented.get(from)?.toSorted()]
        return `${is}` === `${ought}` ? [] : [`${from} reaches ${is?.join(', ') || 'nothing'}; documented: ${ought}`]
      })
      say('the log itself works behind them')
      await account.postMany(50)
      const audit = await account.audit()
      const cells = (from: string) => targets.map(({ name }) => (found.get(from)?.includes(name) ? '**yes**' : 'no'))
      return {
        text: [
          table(
            ['from', ...targets.map(({ name }) => name)],
            froms.map((from) => [from, ...cells(from)]),
          ),
          problems.length === 0 ? 'This is the table of knative/README.md.' : 'This is NOT the table of the README.',
        ],
        problems: [...problems, ...audit.problems],
      }
    } finally {
      await cluster.control(['policies', 'off'])
    }
  },
}

/** The rows of the table in knative/README.md: where a pod is, and the addresses in backticks that it reaches. */
export function documentedTable(): Map<string, string[]> {
  const readme = readFileSync(join(import.meta.dirname, '../../../knative/README.md'), 'utf8')
  const rows = /\| from \| reaches \|\n\| --- \| --- \|\n((?:\|.*\n)+)/.exec(readme)?.[1] ?? ''
  return new Map(
    rows
      .trimEnd()
      .split('\n')
      .map((row) => {
        const [from = '', reaches = ''] = row.slice(2, -2).split(' | ')
        const names = reaches.includes('the three names') ? functions.map((name) => `http://${name}`) : []
        return [from, [...names, ...[...reaches.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)]]
      }),
  )
}

async function allTargets(cluster: Cluster): Promise<Target[]> {
  const targets: Target[] = [
    { name: 'kafka:9092', host: `kafka-0.kafka.${namespace}.svc.cluster.local`, port: 9092 },
    { name: 'mongodb:27017', host: `mongodb-0.mongodb.${namespace}.svc.cluster.local`, port: 27_017 },
    ...functions.map((name) => ({
      name: `http://${name}`,
      host: `${name}.${namespace}.svc.cluster.local`,
      port: 80,
      path: '/healthz',
    })),
  ]
  for (const name of [...functions, 'kafka-source']) {
    const [pod] = await cluster.podsOf(name)
    const host = pod?.status.podIP
    if (!host) throw new Error(`${name} has no pod`)
    const ports = name === 'kafka-source' ? [8090] : [8012, 8080, 9090]
    targets.push(...ports.map((port) => ({ name: `${name}:${port}`, host, port })))
  }
  return targets
}

async function reachedFrom(cluster: Cluster, from: string, at: number, targets: readonly Target[]): Promise<string[]> {
  const { in: where = namespace, labels = {} } = places[from] ?? {}
  const pod = aPod(`reaches-${at}`, script, { in: where, labels, env: { TARGETS: JSON.stringify(targets) } })
  const kubectl = (args: string, input?: string) =>
    cluster.control(['kubectl', '-n', where, ...args.split(' ')], input === undefined ? {} : { input })
  await kubectl('apply -f -', JSON.stringify(pod))
  try {
    await eventually(`the pod in ${where} has tried`, async () =>
      (await kubectl(`get pod reaches-${at} -o jsonpath={.status.phase}`)).startsWith('Succeeded'),
    )
    return JSON.parse(await kubectl(`logs reaches-${at}`)) as string[]
  } finally {
    await kubectl(`delete pod reaches-${at} --wait=false --grace-period=0 --force`)
  }
}

async function makeNamespace(cluster: Cluster, name: string) {
  const manifest: Manifest = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }
  await cluster.control(['kubectl', 'apply', '-f', '-'], { input: JSON.stringify(manifest) })
}

import type { Manifest } from '../manifests/kustomize.ts'
import { type Cluster, eventually, type Pod } from './cluster.ts'
import { answer, listening, type Moments, observeStarts, started } from './cold-times.ts'
import { deployment, isFunction, namespace } from './deployment.ts'
import { openFront } from './front.ts'
import { imageName } from './images.ts'
import { type Findings, type Proof, quantile, table } from './proof.ts'
import { inAHurry } from './scale-to-zero.ts'

/** The figure that this project has set itself. */
const maxMoreMs = 100
const echoes = ['node-echo', 'go-echo'] as const
const script = `
process.stdout.write(JSON.stringify({ time: Date.now(), msg: 'first line' }) + '\\n')
require('node:http').createServer((request, response) => response.end('ok')).listen(8080, () =>
  process.stdout.write(JSON.stringify({ time: Date.now(), msg: 'listening' }) + '\\n'))
process.on('SIGTERM', () => process.exit(0))`

/** Ingest and query from zero, beside a bare echo in the same image and settings, and one in Go. */
export const coldStarts: Proof = {
  title: 'From zero, nothing of ours',
  async run(context): Promise<Findings> {
    const { cluster, account, origins, rounds, say } = context
    const manifests = deployment({ annotations: inAHurry })
    await cluster.apply([...manifests, ...echoes.map((name) => anEcho(manifests, name))])
    await cluster.ready()
    await using opened = new AsyncDisposableStack()
    const observer = opened.use(observeStarts(cluster))
    const { address, hosts } = await cluster.entrance()
    const front = async (name: string) =>
      opened.use(await openFront(address, hosts.query.replace('query', name))).origin
    const [node, go] = [await front('node-echo'), await front('go-echo')]
    const get = (url: string) => async () => {
      const response = await fetch(url)
      if (response.status !== 200) throw new Error(`${url}: ${response.status}`)
      await response.arrayBuffer()
    }
    const asked = new Map<string, () => Promise<unknown>>([
      ['ingest', () => account.postOne()],
      ['query', get(`${origins.query}/healthz`)],
      ['node-echo', get(node)],
      ['go-echo', get(go)],
    ])
    const times = new Map<string, Moments[]>([...asked.keys()].map((name) => [name, []]))
    for (let round = 0; round < rounds; round++) {
      say(`round ${round + 1} of ${rounds}`)
      // the order turns, so that none always follows the same one
      const names = [...asked.keys()]
      const order = [...names.slice(round % names.length), ...names.slice(0, round % names.length)]
      for (const name of order) {
        await allGone(cluster, [...asked.keys(), 'persist'])
        times.get(name)?.push(await observer.start(name, asked.get(name) ?? get('')))
      }
    }
    for (const name of echoes) await cluster.kubectl(`delete ksvc ${name}`)
    await cluster.apply(deployment())
    await cluster.ready()
    return findings(times, rounds)
  },
}

/** Pods that still end wait, mostly, and use no processor. */
const allGone = (cluster: Cluster, names: readonly string[]) =>
  eventually('everything is at zero', async () => {
    const { items } = await cluster.get<{ items: readonly Pod[] }>('pods')
    const live = items.filter(({ metadata }) => !metadata.deletionTimestamp)
    return !live.some(({ metadata }) => names.includes(metadata.labels?.['serving.knative.dev/service'] ?? ''))
  })

/** The Service of query, with another program in it. */
function anEcho(manifests: readonly Manifest[], name: (typeof echoes)[number]): Manifest {
  const query = manifests.find((manifest) => isFunction(manifest) && manifest.metadata.name === 'query')
  const echo = structuredClone(query) as Manifest & {
    spec: { template: { spec: { serviceAccountName: string; containers: [{ [field: string]: unknown }] } } }
  }
  const [container] = echo.spec.template.spec.containers
  // the variables stay: the kubelet waits for their ConfigMaps and Secrets before it starts a container
  container['name'] = 'echo'
  if (name === 'go-echo') container['image'] = 'dev.local/echo:1'
  else Object.assign(container, { image: imageName('query', 'dev'), command: ['/nodejs/bin/node', '-e', script] })
  // the echo in Go has no route of its own for health, and answers every path
  return { ...echo, metadata: { name, namespace } }
}

function findings(times: ReadonlyMap<string, readonly Moments[]>, rounds: number): Findings {
  const median = (name: string, what: string) =>
    quantile(
      (times.get(name) ?? []).flatMap((moments) => moments[what] ?? []),
      0.5,
    )
  const more = (name: string) => Math.round(median(name, answer) - median('node-echo', answer))
  const between = (name: string, from: string, to: string) => {
    const each = (times.get(name) ?? []).map((moments) => (moments[to] ?? Number.NaN) - (moments[from] ?? Number.NaN))
    const known = each.filter((ms) => !Number.isNaN(ms))
    return Math.round(quantile(known, 0.5)) || '–'
  }
  const names = [...times.keys()]
  const all = [...new Set([...times.values()].flat().flatMap((moments) => Object.keys(moments)))]
  const rows = [
    ...all.map((what) => [what, ...names.map((name) => Math.round(median(name, what)) || '–')]),
    ['more than the bare echo', ...names.map(more)],
    // a median of differences: the starts before a container vary more than what follows
    ['from its container to listening', ...names.map((name) => between(name, started, listening))],
    ['from listening to the answer', ...names.map((name) => between(name, listening, answer))],
  ]
  const verdict = (name: string) =>
    `${name} ${more(name)} ms (${more(name) <= maxMoreMs ? 'at most' : 'MORE THAN'} ${maxMoreMs})`
  return {
    text: [
      `Medians of ${rounds}, taken in turns, each while nothing else runs.`,
      table(['ms after the request', ...names], rows),
      `Above a bare \`node:http\` in the same image under the same settings: ${verdict('ingest')}, ${verdict('query')}.`,
    ],
    problems: [],
  }
}

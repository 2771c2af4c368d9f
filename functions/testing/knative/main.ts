import { writeFileSync } from 'node:fs'
import { run } from '@activity-log/shared/http/run.ts'
import { openAccount } from './account.ts'
import { type Cluster, openCluster } from './cluster.ts'
import { coldStarts } from './cold-starts.ts'
import { readControl } from './command.ts'
import { deployment, ingressNamespace } from './deployment.ts'
import { faults } from './faults.ts'
import { openFront } from './front.ts'
import { buildImages, loadImages } from './images.ts'
import { journey } from './journey.ts'
import { keys } from './keys.ts'
import { type Options, readOptions, usage } from './options.ts'
import { pods } from './pods.ts'
import { policies } from './policies.ts'
import type { Context, Findings, Proof } from './proof.ts'
import { type Part, report } from './report.ts'
import { scaleToZero } from './scale-to-zero.ts'
import { upgrade } from './upgrade.ts'
import { wrongConfiguration } from './wrong-configuration.ts'

const proofs: { readonly [name: string]: Proof } = {
  journey,
  pods,
  policies,
  faults,
  'wrong-configuration': wrongConfiguration,
  'scale-to-zero': scaleToZero,
  'cold-starts': coldStarts,
  keys,
  upgrade,
}
const short = ['journey', 'pods', 'policies', 'faults', 'wrong-configuration']

const startedAt = performance.now()
const say = (what: string) =>
  console.error(`${((performance.now() - startedAt) / 1000).toFixed(0).padStart(5)} s  ${what}`)

async function main() {
  const options = readOptions(process.argv.slice(2), { all: Object.keys(proofs), short })
  if (options === 'help') return console.log(usage(Object.keys(proofs)))
  const control = readControl(process.env)
  await using opened = new AsyncDisposableStack()
  if (!options.isKept) opened.defer(async () => void (await control(['clean'])))
  // Ctrl-C reaches every program of the group; this one stays to clean up
  const stopped = Promise.withResolvers<never>()
  process.once('SIGINT', () => stopped.reject(new Error('stopped')))
  process.once('SIGTERM', () => stopped.reject(new Error('stopped')))
  const proved = prove(openCluster(control), options, opened)
  const parts = await Promise.race([proved, stopped.promise])
  const text = report(parts, { words: process.argv.slice(2), ms: performance.now() - startedAt })
  if (options.report) writeFileSync(options.report, text)
  console.log(text)
  if (parts.some(({ findings }) => findings.problems.length > 0)) process.exitCode = 1
}

async function prove(
  cluster: Cluster,
  { proofs: names, isShort, from, isBuilt, rounds }: Options,
  opened: AsyncDisposableStack,
): Promise<Part[]> {
  const parts: Part[] = []
  async function part(title: string, work: () => Promise<Findings>) {
    say(title)
    const began = performance.now()
    const findings = await work().catch((error: Error) => ({ text: [], problems: [complete(error)] }))
    parts.push({ title, findings, ms: performance.now() - began })
    for (const problem of findings.problems.slice(0, 10)) say(`  PROBLEM ${problem}`)
  }
  await part('The deployment', () => deploy(cluster, isBuilt))
  if (parts.some(({ findings }) => findings.problems.length > 0)) return parts

  const { address, hosts } = await cluster.entrance()
  const inside = await cluster.control([
    'kubectl',
    '-n',
    ingressNamespace,
    'get',
    'service',
    'ingress-internal',
    '-o',
    'jsonpath={.spec.clusterIP}',
  ])
  const origins = {
    ingest: opened.use(await openFront(address, hosts.ingest)).origin,
    persist: opened.use(await openFront(inside, hosts.persist)).origin,
    query: opened.use(await openFront(address, hosts.query)).origin,
  }
  const account = openAccount(origins, cluster.positions)
  const context: Context = { cluster, account, origins, isShort, rounds, from, say: (what) => say(`  ${what}`) }
  for (const name of names) {
    const proof = proofs[name]
    if (proof) await part(proof.title, () => proof.run(context))
  }
  return parts
}

function complete(error: Error): string {
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : ''
  return error.message + cause
}

async function deploy(cluster: Cluster, isBuilt: boolean): Promise<Findings> {
  const times: string[] = []
  async function step(what: string, work: () => Promise<unknown>) {
    say(`  ${what}`)
    const began = performance.now()
    await work()
    times.push(`- ${what}: ${((performance.now() - began) / 1000).toFixed(0)} s`)
  }
  // the images are built while the cluster starts, since that waits more than it computes
  const building = isBuilt ? undefined : buildImages('dev')
  building?.catch(() => {})
  await step('the cluster is up', () => cluster.control(['up']))
  if (!isBuilt) await step('Knative Serving is there', () => cluster.control(['serving']))
  await step('an earlier log is gone', () => cluster.deleteLog())
  if (!isBuilt) await step('the images are built', async () => await building)
  if (!isBuilt) await step('the images are in the cluster', () => loadImages(cluster.control, 'dev'))
  await step('all functions are ready', async () => {
    await cluster.apply(deployment())
    await cluster.kubectl('wait --for=condition=Complete job/topics --timeout=600s')
    await cluster.ready()
  })
  return { text: [times.join('\n')], problems: [] }
}

run(() => main().then(() => process.exit()))

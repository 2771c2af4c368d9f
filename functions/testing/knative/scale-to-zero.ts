import { type Cluster, eventually } from './cluster.ts'
import { deployment } from './deployment.ts'
import { type FunctionName, functions } from './images.ts'
import { type Context, type Findings, type Proof, quantile, seconds, table } from './proof.ts'

/** To zero in seconds rather than minutes; everything else stays. */
export const inAHurry = {
  'autoscaling.knative.dev/window': '6s',
  'autoscaling.knative.dev/scale-down-delay': '0s',
  'autoscaling.knative.dev/scale-to-zero-pod-retention-period': '0s',
}

/** Each function goes to zero and comes back, and so does the whole log. */
export const scaleToZero: Proof = {
  title: 'Scale to zero and back',
  async run(context): Promise<Findings> {
    const { cluster, account, origins, rounds, say } = context
    say('to zero, with the annotations of the manifests; this takes minutes')
    await account.postMany(1)
    await fetch(`${origins.query}/healthz`)
    const down = await Promise.all(functions.map((name) => untilZero(cluster, name)))
    const first = await stored(context)

    say('to zero in a hurry')
    await cluster.apply(deployment({ annotations: inAHurry }))
    await cluster.ready()
    const alone = new Map<FunctionName, number[]>(functions.map((name) => [name, []]))
    const together: { accepted: number; stored: number }[] = []
    for (let round = 1; round <= rounds; round++) {
      say(`round ${round} of ${rounds}`)
      await allAtZero(cluster)
      for (const name of functions) alone.get(name)?.push(await ask(name, context))
      await allAtZero(cluster)
      together.push(await stored(context))
    }
    await cluster.apply(deployment())
    await cluster.ready()
    const audit = await account.audit()
    const spread = (all: readonly number[]) =>
      [quantile(all, 0.5), Math.min(...all), Math.max(...all)].map((ms) => seconds(ms))
    const rows = [
      ...functions.map((name) => [name, ...spread(alone.get(name) ?? [])]),
      ['all three at zero: POST to 202', ...spread(together.map(({ accepted }) => accepted))],
      ['then from 202 to `stored`', ...spread(together.map((one) => one.stored))],
    ]
    return {
      text: [
        `With the annotations of the manifests, the last pod was told to end this long after the last request: ${functions.map((name, at) => `${name} ${Math.round((down[at] ?? 0) / 1000)} s`).join(', ')}. The first POST after that had its 202 after ${seconds(first.accepted)} s, and was stored ${seconds(first.stored)} s later.`,
        `From zero to the first answer, ${rounds} times (window 6 s, no delay, no retention):`,
        table(['function', 'median, s', 'least', 'most'], rows),
      ],
      problems: audit.problems,
    }
  },
}

const untilZero = (cluster: Cluster, name: FunctionName) =>
  eventually(`${name} is at zero`, async () => (await cluster.podsOf(name)).length === 0)

export async function allAtZero(cluster: Cluster): Promise<void> {
  await Promise.all(functions.map((name) => untilZero(cluster, name)))
}

/** The time to any answer of a function; persist's is a 404 that needs MongoDB. */
async function ask(name: FunctionName, { origins, account }: Context): Promise<number> {
  const began = performance.now()
  if (name === 'ingest') await account.postMany(1)
  if (name === 'persist') {
    const { status } = await fetch(`${origins.persist}/dead-letters/${'0'.repeat(32)}/replay`, { method: 'POST' })
    if (status !== 404) throw new Error(`persist answered ${status}`)
  }
  if (name === 'query') {
    const { status } = await fetch(`${origins.query}/healthz`)
    if (status !== 200) throw new Error(`query answered ${status}`)
  }
  return performance.now() - began
}

/** A POST while all functions are at zero, until its receipt says that it is stored. */
async function stored({ account, origins }: Context): Promise<{ accepted: number; stored: number }> {
  const began = performance.now()
  const receipt = await account.postOne()
  const accepted = performance.now() - began
  const response = await fetch(`${origins.query}/receipts/${receipt}?wait=30`)
  const { status } = (await response.json()) as { status: string }
  if (status !== 'stored') throw new Error(`the receipt says ${status}`)
  return { accepted, stored: performance.now() - began - accepted }
}

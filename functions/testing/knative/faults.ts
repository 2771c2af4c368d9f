import { setTimeout as wait } from 'node:timers/promises'
import type { Answered } from './account.ts'
import { type Cluster, eventually } from './cluster.ts'
import { functions } from './images.ts'
import { type Context, type Findings, isDocumented, others, type Proof, quantile, table } from './proof.ts'

type Fault = { name: string; inflict(cluster: Cluster): Promise<void> }

const rate = 40
const readsPerSecond = 10
const quietMs = 5000

/** Deletes a pod; Kubernetes makes another. */
const deleted = (name: string): Fault => ({
  name: `delete the pod of ${name}`,
  async inflict(cluster) {
    const [pod] = await cluster.podsOf(name)
    if (!pod) throw new Error(`${name} has no pod`)
    await cluster.kubectl(`delete pod ${pod.metadata.name} --wait=false`)
    await eventually(`${name} has another pod`, async () => {
      const pods = await cluster.podsOf(name)
      return pods.some(({ metadata, status }) => metadata.uid !== pod.metadata.uid && isReady(status))
    })
  },
})

const isReady = ({ conditions = [] }: { conditions?: { type: string; status: string }[] }) =>
  conditions.some(({ type, status }) => type === 'Ready' && status === 'True')

/** Kills the process; Kubernetes starts its container again. */
const killed = (name: string, container = name): Fault => ({
  name: `kill -9 the process of ${name}`,
  async inflict(cluster) {
    const [pod] = await cluster.podsOf(name)
    const before = pod?.status.containerStatuses?.find((status) => status.name === container)
    const id = before?.containerID?.replace('containerd://', '')
    if (!pod || !id) throw new Error(`${name} has no container`)
    await cluster.control(['ctr', 'tasks', 'kill', '-s', 'SIGKILL', id])
    await eventually(`${name} runs again`, async () => {
      const pods = await cluster.podsOf(name)
      const same = pods.find(({ metadata }) => metadata.uid === pod.metadata.uid)
      const status = same?.status.containerStatuses?.find((one) => one.name === container)
      return !same || ((status?.restartCount ?? 0) > (before?.restartCount ?? 0) && status?.ready === true)
    })
  },
})

let revisions = 0
const rolled = (name: string): Fault => ({
  name: `a new revision of ${name}`,
  async inflict(cluster) {
    const annotations = { 'activity-log.test/rolled': `${process.pid}-${revisions++}` }
    const patch = JSON.stringify({ spec: { template: { metadata: { annotations } } } })
    await cluster.kubectl(`patch ksvc ${name} --type merge -p ${patch}`)
    await cluster.ready()
  },
})

const all: readonly Fault[] = [
  ...functions.flatMap((name) => [deleted(name), killed(name), rolled(name)]),
  deleted('kafka-source'),
  killed('kafka-source', 'source'),
  deleted('mongodb'),
  deleted('kafka'),
]
const some: readonly Fault[] = functions.map(deleted)

/** Faults under load: nothing is lost, nothing is there twice, and every answer is one that the promise names. */
export const faults: Proof = {
  title: `Faults under ${rate} POSTs and ${readsPerSecond} reads a second`,
  async run(context): Promise<Findings> {
    const { account, isShort, say } = context
    const rows: (string | number)[][] = []
    const problems: string[] = []
    const reasons: string[] = []
    async function prove(fault: Fault) {
      const { posts, reads } = await underLoad(context, fault)
      const wrong = [
        ...posts.filter((answer) => !isDocumented(answer, 202)),
        ...reads.filter((answer) => !isDocumented(answer, 200)),
      ]
      problems.push(...wrong.map(({ status, why }) => `${fault.name}: ${status} ${why}`))
      const because = reasonsOf([...posts, ...reads]).map((reason) => `${fault.name}: ${reason}`)
      for (const reason of because) say(reason)
      reasons.push(...because)
      const audit = isShort ? undefined : await account.audit()
      problems.push(...(audit?.problems ?? []).map((problem) => `${fault.name}: ${problem}`))
      const ms = posts.flatMap((answer) => (answer.status === 202 ? answer.ms : []))
      rows.push([
        fault.name,
        posts.length,
        others(posts, 202),
        ...[quantile(ms, 0.5), quantile(ms, 0.99), Math.max(...ms)].map(Math.round),
        `${others(reads, 200)} of ${reads.length}`,
      ])
    }
    for (const fault of isShort ? some : all) {
      say(fault.name)
      // the others are worth knowing, too
      await prove(fault).catch((error: Error) => problems.push(`${fault.name}: ${error.message}`))
    }
    const { sent, found, problems: wrong } = await account.audit()
    const head = ['fault', 'POSTs', 'not 202', 'p50 of a 202, ms', 'p99', 'longest', 'reads not 200']
    const sum = `${found} found of ${sent} sent in all, compared byte for byte; the ledger is complete.`
    const said = reasons.length > 0 ? [reasons.map((reason) => `- ${reason}`).join('\n')] : []
    return { text: [table(head, rows), ...said, sum], problems: [...problems, ...wrong] }
  },
}

/** The answers that give a reason, counted, without the ids in it: "3 × 502: connection refused". */
function reasonsOf(answers: readonly Answered[]): string[] {
  const reasons = answers.flatMap(({ status, why }) => {
    if (why === undefined) return []
    const text = why.replaceAll(/[0-9a-f-]{8,}|:\d+/g, '…').replaceAll(/\s+/g, ' ')
    return `${status || 'no answer'}: ${text.slice(0, 160)}`
  })
  return [...Map.groupBy(reasons, (reason) => reason)].map(([reason, { length }]) => `${length} × ${reason}`)
}

async function underLoad({ cluster, account, origins, isShort }: Context, fault: Fault) {
  const pauseMs = isShort ? quietMs / 5 : quietMs
  const isOver = (async () => {
    await wait(pauseMs)
    await fault.inflict(cluster)
    await wait(pauseMs)
  })()
  const [posts, reads] = await Promise.all([account.postEvenly(rate, isOver), readAgain(origins.query, isOver), isOver])
  return { posts, reads }
}

async function readAgain(query: string, until: Promise<unknown>): Promise<Answered[]> {
  const answers: Answered[] = []
  const running: Promise<void>[] = []
  let isOver = false
  const end = () => {
    isOver = true
  }
  until.then(end, end)
  async function read() {
    const began = performance.now()
    const response = await fetch(`${query}/logs?limit=5&count=none`, { signal: AbortSignal.timeout(30_000) }).catch(
      () => undefined,
    )
    const text = await response?.text().catch(() => undefined)
    const status = text === undefined ? 0 : (response?.status ?? 0)
    answers.push({ status, ms: performance.now() - began, at: Date.now(), ...(status !== 200 && { why: text ?? '' }) })
  }
  while (!isOver) {
    running.push(read())
    await wait(1000 / readsPerSecond)
  }
  await Promise.all(running)
  return answers
}

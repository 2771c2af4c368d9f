import { setTimeout as wait } from 'node:timers/promises'
import { bearer } from '@activity-log/shared/testing/access.ts'
import { type Cluster, eventually } from './cluster.ts'
import type { FunctionName } from './images.ts'
import type { Keys } from './key-secrets.ts'
import { type Context, isDocumented, seconds } from './proof.ts'

type Answer = { sentAt: number; status: number; id?: string; text: string }

/** A function looks at its access file at most once a second. */
const lookMs = 1000
/** The time of a file is that of the last tick of the kernel. */
const tickMs = 20
const everyMs = 100
const inARow = 20
const mountedAt = '/etc/activity-log/access/..data'
const script = `console.log(require('fs').lstatSync('${mountedAt}').ctimeMs)`

/**
 * Revokes the key of globex while it posts and lists. What was accepted stays; from a second after the kubelet has
 * changed the mounted Secret, every function answers 401.
 */
export async function revocation({ cluster, origins, say }: Context, { keys, revoke }: Keys) {
  const headers = bearer(keys.globex)
  const done = Promise.withResolvers<void>()
  const posts = { answers: [] as Answer[], success: 202, name: 'ingest' as const }
  const lists = { answers: [] as Answer[], success: 200, name: 'query' as const }
  const asking = Promise.all([
    repeat(done.promise, posts.answers, (id) => {
      const body = JSON.stringify({ id, userId: 'ann', action: 'login' })
      const json = { 'content-type': 'application/json', ...headers }
      return fetch(`${origins.ingest}/logs`, { method: 'POST', headers: json, body })
    }),
    repeat(done.promise, lists.answers, () => fetch(`${origins.query}/logs?limit=1`, { headers })),
  ])
  let appliedAt = 0
  try {
    for (const { answers, success, name } of [posts, lists])
      await eventually(`${name} takes the key`, async () => isSettled(answers, success))
    await revoke('globex')
    appliedAt = Date.now()
    say('waiting for the kubelet')
    for (const { answers, name } of [posts, lists])
      await eventually(`${name} rejects the key`, async () => isSettled(answers, 401))
  } finally {
    done.resolve()
    await asking
  }

  const problems: string[] = []
  const text: string[] = []
  for (const { answers, success, name } of [posts, lists]) {
    const changedAt = await changeOfTheMount(cluster, name)
    problems.push(...contradictions(answers, { name, success, changedAt }))
    const [first] = answers.filter(({ status }) => status === 401)
    const after = (at: number) => seconds(at - appliedAt)
    text.push(
      `${name} had the changed Secret ${after(changedAt)} s after it was applied, and answered 401 from ${after(first?.sentAt ?? Number.NaN)} s on.`,
    )
  }
  const accepted = posts.answers.flatMap(({ status, id = '' }) => (status === 202 ? id : []))
  problems.push(...(await missing(origins.query, keys.operator, accepted)))
  text.push(`${accepted.length} activities were accepted from the key until then, and all are there once.`)
  return { text: text.join(' '), problems }
}

type Judged = { name: string; success: number; changedAt: number }

/** What a function answered to a revoked key that it should not have. */
export function contradictions(answers: readonly Answer[], { name, success, changedAt }: Judged): string[] {
  const late = answers.filter(({ sentAt, status }) => status === success && sentAt > changedAt + lookMs + tickMs)
  const wrong = answers.filter((answer) => answer.status !== 401 && !isDocumented(answer, success))
  return [
    ...(late.length > 0 ? [`${name} took the key ${late.length} times after it was revoked`] : []),
    ...wrong.map(({ status, text }) => `${name} with a revoked key: ${status} ${text}`),
  ]
}

const isSettled = (answers: readonly Answer[], status: number) =>
  answers.length >= inARow && answers.slice(-inARow).every((answer) => answer.status === status)

async function repeat(until: Promise<void>, answers: Answer[], ask: (id: string) => Promise<Response>) {
  let isOver = false
  void until.then(() => {
    isOver = true
  })
  while (!isOver) {
    const sentAt = Date.now()
    const id = `of-globex-${answers.length}`
    const response = await ask(id).catch(() => undefined)
    const text = (await response?.text().catch(() => undefined)) ?? 'no answer'
    answers.push({ sentAt, status: response?.status ?? 0, id, text: text.slice(0, 200) })
    await wait(everyMs)
  }
}

/** When the kubelet changed what the pods of a function see, the last of them. */
async function changeOfTheMount(cluster: Cluster, name: FunctionName): Promise<number> {
  const { latestReadyRevisionName: revision } = (await cluster.service(name)).status
  const all = await cluster.podsOf(name)
  // those of the revision before asked for no keys, and may still be there
  const pods = all.filter(({ metadata }) => metadata.labels?.['serving.knative.dev/revision'] === revision)
  const times = await Promise.all(
    pods.map(({ metadata }) =>
      cluster.kubectl(`exec -i ${metadata.name} -c ${name} -- /nodejs/bin/node -`, { input: script }),
    ),
  )
  return Math.max(...times.map(Number))
}

/** The outcome of a POST without a 202 is unknown, so more may be there, but none twice. */
async function missing(query: string, operator: string, ids: readonly string[]): Promise<string[]> {
  const listed: string[] = []
  await eventually('what globex sent is listed', async () => {
    listed.length = 0
    for (let path: string | null = '/logs?tenant=globex&limit=1000'; path; ) {
      const response = await fetch(query + path, { headers: bearer(operator) })
      const { data, next } = (await response.json()) as { data: { id: string }[]; next: string | null }
      listed.push(...data.map(({ id }) => id))
      path = next
    }
    return ids.every((id) => listed.includes(id))
  }).catch(() => undefined)
  const lost = ids.filter((id) => !listed.includes(id)).map((id) => `${id} of globex is lost`)
  const twice = listed.length - new Set(listed).size
  return [...lost, ...(twice > 0 ? [`${twice} activities of globex are there twice`] : [])]
}

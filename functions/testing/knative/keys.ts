import { newKey } from '@activity-log/shared/access/key.ts'
import { bearer } from '@activity-log/shared/testing/access.ts'
import { openAccount } from './account.ts'
import { eventually } from './cluster.ts'
import { deployment } from './deployment.ts'
import { type Keys, makeKeySecrets, type WantedKey } from './key-secrets.ts'
import { type Context, type Findings, isDocumented, others, type Proof, table } from './proof.ts'
import { revocation } from './revocation.ts'

const wanted: { [name in keyof Keys['keys']]: WantedKey } = {
  acme: { tenant: 'acme', scopes: 'write,read,operate' },
  globex: { tenant: 'globex', scopes: 'write,read,operate' },
  operator: { tenant: '*', scopes: 'read,operate' },
}

const many = { short: 50, full: 500 }
const rate = 10

/** Every function asks for keys, which are in Secrets; in the long form one is revoked while activities arrive. */
export const keys: Proof = {
  title: 'Keys from a Secret',
  async run(context): Promise<Findings> {
    const { cluster, origins, isShort, say } = context
    say('the Secrets, and a revision of each function that asks for keys')
    using secrets = await makeKeySecrets(cluster, wanted)
    const { acme, operator } = secrets.keys
    await cluster.apply(deployment({ asksForKeys: true }))
    await cluster.ready()
    await cluster.control(['policies', 'on'])
    try {
      const account = openAccount(origins, cluster.positions, { own: acme, operator })
      await account.postMany(isShort ? many.short : many.full)
      say('who may do what')
      const answers = await tried(context, secrets, await account.postOne())
      const text = [table(['request', 'key', 'answer'], answers.rows)]
      const problems = [...answers.problems, ...(await discardOne(context, secrets))]

      if (!isShort) {
        say('a key is revoked while activities arrive')
        const done = Promise.withResolvers<void>()
        const posting = account.postEvenly(rate, done.promise)
        const revoked = await revocation(context, secrets).finally(() => done.resolve())
        const posts = await posting
        text.push(revoked.text, `POSTs of another tenant meanwhile: ${posts.length}, not 202: ${others(posts, 202)}.`)
        problems.push(...revoked.problems)
        for (const answer of posts)
          if (!isDocumented(answer, 202)) problems.push(`acme: ${answer.status} ${answer.why}`)
      }

      say('the use of the log is in the log')
      const acts = await recordedActs(context, secrets)
      const { found, sent, problems: wrong } = await account.audit()
      text.push(
        `The log recorded its use, once each: ${acts.said}.`,
        `${found} found of ${sent} that acme sent, compared byte for byte; the ledger is complete.`,
      )
      return { text, problems: [...problems, ...acts.problems, ...wrong] }
    } finally {
      await cluster.control(['policies', 'off'])
    }
  },
}

type Try = {
  method?: string
  url: string
  key?: string
  body?: string
  status: number
  holds?: (text: string) => boolean
}

/** Requests with no key, an unknown one, and those of two tenants and an operator. */
async function tried({ origins }: Context, { keys }: Keys, receipt: string) {
  const { ingest, persist, query } = origins
  const { acme, globex, operator } = keys
  const one = JSON.stringify({ userId: 'ann', action: 'login' })
  const unknown = newKey().text
  const replay = { method: 'POST', url: `${persist}/dead-letters/${'0'.repeat(32)}/replay` }
  const isEmpty = (text: string) => (JSON.parse(text) as { data: unknown[] }).data.length === 0
  const tries: Try[] = [
    ...[ingest, persist, query].map((origin) => ({ url: `${origin}/healthz`, status: 200 })),
    { method: 'POST', url: `${ingest}/logs`, body: one, status: 401 },
    { method: 'POST', url: `${ingest}/logs`, body: one, key: unknown, status: 401 },
    { method: 'POST', url: `${ingest}/logs`, body: one, key: operator, status: 403 },
    { ...replay, status: 401 },
    { ...replay, key: acme, status: 404 },
    { url: `${query}/logs`, status: 401 },
    { url: `${query}/logs`, key: acme, status: 200, holds: (text) => !isEmpty(text) },
    { url: `${query}/logs`, key: globex, status: 200, holds: isEmpty },
    { url: `${query}/logs`, key: operator, status: 400 },
    { url: `${query}/logs?tenant=acme`, key: operator, status: 200, holds: (text) => !isEmpty(text) },
    { url: `${query}/logs?tenant=acme`, key: globex, status: 400 },
    { url: `${query}/receipts/${receipt}`, key: globex, status: 200, holds: (text) => text.includes('"pending"') },
    { url: `${query}/ledger`, key: acme, status: 403 },
    { url: `${query}/ledger`, key: operator, status: 200 },
    { url: `${query}/metrics`, status: 401 },
    { url: `${query}/export?format=ndjson`, key: acme, status: 200 },
  ]
  const named = new Map(Object.entries(keys).map(([name, key]) => [key, name]))
  const rows: string[][] = []
  const problems: string[] = []
  for (const { method = 'GET', url, key, body, status, holds = () => true } of tries) {
    const headers = { ...(body && { 'content-type': 'application/json' }), ...(key !== undefined && bearer(key)) }
    const response = await fetch(url, { method, headers, ...(body && { body }), redirect: 'manual' })
    const text = await response.text()
    const { pathname, search, origin } = new URL(url)
    const where = Object.entries(origins).find(([, each]) => each === origin)?.[0]
    const what = `${method} ${where}: ${pathname.replaceAll(/[0-9a-zA-Z_-]{20,}/g, '…')}${search}`
    const who = key === undefined ? 'none' : (named.get(key) ?? 'an unknown one')
    rows.push([what, who, `${response.status}`])
    if (response.status !== status) problems.push(`${what} with ${who}: ${response.status} ${text.slice(0, 200)}`)
    else if (!holds(text)) problems.push(`${what} with ${who} shows what it should not: ${text.slice(0, 200)}`)
  }
  return { rows, problems }
}

/** Discards a dead letter of another tenant, which persist records by way of ingest. */
async function discardOne({ origins: { ingest, persist, query } }: Context, { keys: { globex } }: Keys) {
  const headers = { 'content-type': 'application/json', ...bearer(globex) }
  const send = async (action: string) => {
    const body = JSON.stringify({ id: 'twice', userId: 'ann', action })
    const response = await fetch(`${ingest}/logs`, { method: 'POST', headers, body })
    const { receipt } = (await response.json()) as { receipt: string }
    await eventually('it has an outcome', async () => {
      const answer = await fetch(`${query}/receipts/${receipt}?wait=30`, { headers })
      return ((await answer.json()) as { status: string }).status !== 'pending'
    })
  }
  await send('login')
  await send('logout')
  const listed = await fetch(`${query}/dead-letters`, { headers })
  const { data } = (await listed.json()) as { data: { id: string }[] }
  const discard = { method: 'DELETE', headers, body: JSON.stringify({ note: 'tried' }) }
  const statuses: number[] = []
  for (const { id } of data) statuses.push((await fetch(`${persist}/dead-letters/${id}`, discard)).status)
  return `${statuses}` === '204' ? [] : [`${data.length} dead letters were discarded with ${statuses}`]
}

/** The first use of each key and the export are recorded once each; query sends the latter to ingest. */
async function recordedActs({ origins: { query } }: Context, { keys: { operator } }: Keys) {
  const expected = {
    acme: ['export', 'first-seen'],
    globex: ['discard', 'first-seen'],
    // the operator's, and that of persist and query
    $system: ['first-seen', 'first-seen'],
  }
  const found = new Map<string, string>()
  const isThere = async (tenant: string, acts: readonly string[]) => {
    const path = `/logs?tenant=${encodeURIComponent(tenant)}&action=activity-log.*&limit=100`
    const response = await fetch(query + path, { headers: bearer(operator) })
    const { data } = (await response.json()) as { data: { action: string; userId: string }[] }
    const names = data.map(({ action }) => action.replace('activity-log.', '')).toSorted()
    found.set(tenant, `${names}`)
    return `${names}` === `${acts}`
  }
  let problems: string[] = []
  await eventually('what keys did is recorded', async () => {
    problems = []
    for (const [tenant, acts] of Object.entries(expected))
      if (!(await isThere(tenant, acts))) problems.push(`the log of ${tenant} has recorded: ${found.get(tenant)}`)
    return problems.length === 0
  }).catch(() => undefined)
  return { said: [...found].map(([tenant, acts]) => `${acts} (${tenant})`).join('; '), problems }
}

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { type AccountKeys, openAccount } from './account.ts'

type Row = { id: string; [member: string]: unknown }

/** A log of a few lines, which may do to its rows what no log should do. */
async function aLog(change: (rows: Row[]) => Row[], keys?: AccountKeys) {
  const rows: Row[] = []
  const used = new Map<string, string | undefined>()
  let refusals = 1
  const server = createServer(async (request, response) => {
    used.set(`${request.method} ${request.url?.split('?')[0]}`, request.headers.authorization)
    const answer = (status: number, body: unknown) => response.writeHead(status).end(JSON.stringify(body))
    if (request.method === 'POST') {
      const body: unknown = JSON.parse(await text(request))
      if (refusals-- > 0) return answer(503, {})
      rows.push(...([body].flat() as Row[]))
      return answer(202, { receipt: 'r' })
    }
    if (request.url === '/ledger') return answer(200, { complete: true, partitions: [{ last: rows.length - 1 }] })
    if (request.url?.startsWith('/dead-letters')) return answer(200, { data: [], next: null })
    return answer(200, { data: change(rows).map((row) => ({ ...row, recordedAt: 'now' })), next: null })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const account = openAccount({ ingest: origin, query: origin }, async () => rows.length, keys)
  return { account, used, [Symbol.asyncDispose]: async () => void server.close().closeAllConnections() }
}

const loseOne = (rows: Row[]) => rows.slice(1)
const repeatOne = (rows: Row[]) => [...rows, ...rows.slice(0, 1)]
const alterOne = (rows: Row[]) => rows.map((row, n) => (n === 0 ? { ...row, action: 'other' } : row))

test('finds everything again that was sent, after a refusal, too', async () => {
  await using log = await aLog((rows) => rows)
  await log.account.postMany(3)
  const answers = await log.account.postEvenly(1000, Promise.resolve())
  expect(answers.map(({ status }) => status)).toEqual([202])
  expect(await log.account.audit()).toMatchObject({ sent: 4, found: 4, problems: [] })
})

test("sends the key of its tenant, and an operator's for the ledger", async () => {
  const own = { id: 'activity-log.own', action: 'activity-log.first-seen' }
  await using log = await aLog((rows) => [...rows, own], { own: 'als_own', operator: 'als_operator' })
  await log.account.postMany(1)
  // what the log itself has recorded does not count
  expect(await log.account.audit()).toMatchObject({ found: 1, problems: [] })
  expect(Object.fromEntries(log.used)).toEqual({
    'POST /logs': 'Bearer als_own',
    'GET /logs': 'Bearer als_own',
    'GET /dead-letters': 'Bearer als_own',
    'GET /ledger': 'Bearer als_operator',
  })
})

test.each([
  ['lost', loseOne, /-0 is lost$/],
  ['there twice', repeatOne, /-0 is there 2 times$/],
  ['altered', alterOne, /-0 is not as it was sent$/],
])('notices an activity that is %s', async (_what, change, problem) => {
  await using log = await aLog(change)
  await log.account.postMany(3)
  const { problems } = await log.account.audit()
  expect(problems).toEqual([expect.stringMatching(problem)])
})

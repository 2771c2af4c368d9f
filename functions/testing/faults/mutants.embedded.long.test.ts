import { once } from 'node:events'
import { request } from 'node:http'
import { type Answer, anActivity, post } from '@activity-log/shared/testing/builders.ts'
import { aFolder, startLog, written } from '@activity-log/shared/testing/processes.ts'
import { expect, test } from 'vitest'
import { withFaults } from './preload.ts'

/**
 * Each safeguard is tested twice: with it, a client sees what the log promises; without it, it does not. The safeguards
 * that need an outage of Kafka or MongoDB are in mutants.mutation.test.ts, and those that need a power loss in
 * durability.long.test.ts.
 */
type Log = Awaited<ReturnType<typeof startLog>>

const answerOf = async (origin: string, path: string) => (await fetch(`${origin}${path}`)).json() as Promise<unknown>

async function send({ origin }: Log, ...activities: unknown[]): Promise<string[]> {
  const answer = (await (await fetch(`${origin}/logs`, post(activities))).json()) as Answer
  return answer.results.map(({ receipt }) => receipt)
}

async function outcomes({ origin }: Log, receipts: readonly string[], waitSeconds = 10) {
  const asked = receipts.map((receipt) => answerOf(origin, `/receipts/${receipt}?wait=${waitSeconds}`))
  return (await Promise.all(asked)).map((answer) => (answer as { status: string }).status)
}

const totalOf = async ({ origin }: Log) => ((await answerOf(origin, '/logs')) as Answer).total

const twice = [anActivity(), anActivity()]
const conflicting = [anActivity({ action: 'first' }), anActivity({ action: 'second' })]

test.each([
  { mutant: '', sent: twice, seen: ['stored', 'duplicate'], found: 1 },
  { mutant: 'unique-id', sent: twice, seen: ['stored', 'stored'], found: 2 },
  { mutant: 'outcome-of-a-duplicate', sent: twice, seen: ['stored', 'pending'], found: 1 },
  { mutant: '', sent: conflicting, seen: ['stored', 'conflict'], found: 1 },
  { mutant: 'conflict', sent: conflicting, seen: ['stored', 'duplicate'], found: 1 },
  { mutant: 'dead-lettering', sent: conflicting, seen: ['stored', 'pending'], found: 1 },
  { mutant: 'outcome-of-a-dead-letter', sent: conflicting, seen: ['stored', 'pending'], found: 1 },
  { mutant: 'save-before-answer', sent: conflicting, seen: ['stored', 'pending'], found: 1 },
])('without "$mutant", two activities under one id become $seen', async ({ mutant, sent, seen, found }) => {
  await using log = await startLog(aFolder(), withFaults({ mutant }))
  const receipts = await send(log, ...sent)
  expect(await outcomes(log, receipts, seen.includes('pending') ? 1 : 10)).toEqual(seen)
  expect(await totalOf(log)).toBe(found)
})

test.each([
  { mutant: '', seen: ['stored', 'stored'] },
  { mutant: 'settle-after-delivery', seen: ['pending', 'stored'] },
])('without "$mutant", an activity before a crash and one after it become $seen', async ({ mutant, seen }) => {
  const folder = aFolder()
  const receipts: string[] = []
  {
    await using log = await startLog(folder, withFaults({ mutant, crashAt: 'store:before-save-commit' }))
    receipts.push(...(await send(log, anActivity())))
    await log.ended
  }
  await using log = await startLog(folder)
  receipts.push(...(await send(log, anActivity({ id: 'later' }))))
  expect(await outcomes(log, receipts, seen.includes('pending') ? 1 : 10)).toEqual(seen)
})

test.each([
  { mutant: '', seen: 202 },
  { mutant: 'drain', seen: 'ECONNRESET' },
])('without "$mutant", a request that is in flight at SIGTERM gets $seen', async ({ mutant, seen }) => {
  await using log = await startLog(aFolder(), withFaults({ mutant }))
  const body = JSON.stringify(anActivity())
  const headers = { 'content-type': 'application/json', 'content-length': body.length, expect: '100-continue' }
  const sending = request(`${log.origin}/logs`, { method: 'POST', headers })
  const answered = once(sending, 'response').then(
    ([response]) => response.statusCode,
    (error) => error.code,
  )
  // the log has the head of the request, and waits for the rest
  await once(sending, 'continue')
  log.child.kill('SIGTERM')
  await (mutant ? log.ended : written(log, /stopping/))
  sending.end(body)
  expect(await answered).toBe(seen)
})

import { createApp } from '@activity-log/persist/app.ts'
import { toRecord } from '@activity-log/shared/activity-recorded.ts'
import { ownActivity } from '@activity-log/shared/own-activity.ts'
import { accessOf, anAccessFile, bearer, writeAccess } from '@activity-log/shared/testing/access.ts'
import { anEvent, answerOf, delivery, silent } from '@activity-log/shared/testing/builders.ts'
import { openMemoryStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { expect, test } from 'vitest'

/** persist, of a log that suspends the tenant `initech`. */
function aPersist() {
  const all = ['read', 'operate'] as const
  const file = anAccessFile(
    { desk: { tenant: 'initech', scopes: [...all] }, operator: { tenant: '*', scopes: [...all] } },
    { suspended: ['initech'] },
  )
  const clock = { ms: 0 }
  const access = accessOf(file.path, { clock: () => clock.ms })
  const store = openMemoryStore()
  const { request } = createApp({ store, log: silent, now: () => new Date(), access })
  const deliver = async (event: ReturnType<typeof anEvent>, offset: number) =>
    (await request('/', delivery(toRecord(event), offset))).status
  const stored = async (tenant: string) =>
    (await store.find({ filter: { tenant }, order: 'asc', limit: 9 })).map(({ activity }) => activity.id)
  const letters = async (tenant: string) =>
    (await store.findDeadLetters({ filter: { tenant }, order: 'asc', limit: 9 })).map(({ deadLetter }) => deadLetter)
  const resume = () => {
    writeAccess(file.path, { ...file.list, suspended: [] })
    clock.ms += 1000
  }
  return { ...file, request, deliver, stored, letters, resume }
}

test('a record of a suspended tenant that is delivered later becomes a dead letter, and others are stored', async () => {
  const { deliver, stored, letters } = aPersist()
  expect(await deliver(anEvent({ id: 'a-1' }, 'initech'), 1)).toBe(204)
  expect(await deliver(anEvent({ id: 'a-1' }, 'acme'), 2)).toBe(204)
  expect([await stored('initech'), await stored('acme')]).toEqual([[], ['a-1']])
  expect(await letters('initech')).toMatchObject([
    { reason: 'rejected', activityId: 'a-1', errors: [{ pointer: 'ce-tenant' }] },
  ])
})

test('what the log records about its own use is stored for a suspended tenant, too', async () => {
  const { deliver, stored } = aPersist()
  const act = { action: 'export', keyId: 'k', at: new Date(0), metadata: {} } as const
  const { activity } = ownActivity('initech', act)
  expect(await deliver(anEvent(activity, 'initech'), 1)).toBe(204)
  expect(await stored('initech')).toEqual([activity.id])
})

test('nobody replays the dead letter before the tenant is no longer suspended', async () => {
  const { deliver, letters, keys, stored, request, resume } = aPersist()
  await deliver(anEvent({ id: 'a-1' }, 'initech'), 1)
  const [letter] = await letters('initech')
  const ways = [
    [`/dead-letters/${letter?.id}/replay`, keys.desk],
    [`/dead-letters/${letter?.id}/replay?tenant=initech`, keys.operator],
  ] as const
  for (const [path, key] of ways) {
    const answer = await request(path, { method: 'POST', headers: bearer(key) })
    expect([answer.status, (await answerOf(answer)).detail]).toEqual([403, expect.stringContaining('suspended')])
  }
  const form = {
    method: 'POST',
    headers: {
      ...bearer(keys.desk),
      'content-type': 'application/x-www-form-urlencoded',
      'sec-fetch-site': 'same-origin',
    },
    body: 'do=replay',
  }
  expect((await request(`/viewer/dead-letters/${letter?.id}`, form)).status).toBe(403)
  expect([await stored('initech'), (await letters('initech'))[0]?.resolution]).toEqual([[], undefined])
  resume()
  const [[path, key]] = ways
  expect((await request(path, { method: 'POST', headers: bearer(key) })).status).toBe(200)
  expect(await stored('initech')).toEqual(['a-1'])
})

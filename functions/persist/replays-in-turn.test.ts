import { anybody } from '@activity-log/shared/http/caller.ts'
import type { RecordedActivity } from '@activity-log/shared/store/activities.ts'
import { asTenant } from '@activity-log/shared/tenant.ts'
import { aDeadLetter, anActivity, aRecord, delivery, silent } from '@activity-log/shared/testing/builders.ts'
import { openMemoryStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { expect, test } from 'vitest'
import { createApp } from './app.ts'

/** A log in which two tenants have a dead letter, and the users whose activities are saved, in order. */
async function aLog({ deadlineMs = 10_000 } = {}) {
  const store = openMemoryStore()
  const saved: string[] = []
  /** Activities of the user `held` are saved once this resolves. */
  const held = Promise.withResolvers<void>()
  const app = createApp({
    store: {
      ...store,
      async save(activities: readonly RecordedActivity[]) {
        saved.push(...activities.map(({ activity }) => activity.userId))
        if (saved.at(-1) === 'held') await held.promise
        await new Promise(saved.at(-1) === 'stuck' ? () => {} : setImmediate)
        return store.save(activities)
      },
    },
    log: silent,
    now: () => new Date(),
    deadlineMs,
    authenticate: ({ header }) => ({
      ...anybody,
      isOperator: false,
      tenant: asTenant(header('x-tenant') ?? 'default'),
    }),
  })
  const letters = { busy: '', quiet: '' }
  for (const [offset, tenant] of (['busy', 'quiet'] as const).entries()) {
    const position = { partition: 0, offset }
    await store.deadLetter([aDeadLetter({ tenant, position, activityId: 'a', body: Buffer.from(tenant) })])
    const [found] = await store.findDeadLetters({ filter: { tenant }, order: 'asc', limit: 1 })
    letters[tenant] = found?.deadLetter.id ?? ''
  }
  const replay = async (tenant: keyof typeof letters, userId: string, init: RequestInit = {}) =>
    app.request(`/dead-letters/${letters[tenant]}/replay`, {
      method: 'POST',
      headers: { 'x-tenant': tenant, 'content-type': 'application/json' },
      body: JSON.stringify({ userId, action: 'x' }),
      ...init,
    })
  const discard = async (tenant: keyof typeof letters) =>
    app.request(`/dead-letters/${letters[tenant]}`, {
      method: 'DELETE',
      headers: { 'x-tenant': tenant, 'content-type': 'application/json' },
      body: JSON.stringify({ note: 'x' }),
    })
  return { app, saved, replay, discard, letGo: held.resolve }
}

test('a tenant that replays much keeps neither deliveries nor the replays of another one waiting', async () => {
  const { app, saved, replay } = await aLog()
  const many = Array.from({ length: 30 }, (_, n) => replay('busy', `busy ${n}`))
  while (saved.length === 0) await new Promise(setImmediate)
  const delivered = app.request('/', delivery(aRecord(anActivity({ userId: 'delivered' }))))
  const statuses = (await Promise.all([...many, replay('quiet', 'quiet'), delivered])).map(({ status }) => status)
  expect(new Set(statuses)).toEqual(new Set([200, 204]))
  expect(saved).toHaveLength(32)
  expect(saved.indexOf('delivered')).toBeLessThan(5)
  expect(saved.indexOf('quiet')).toBeLessThan(5)
})

/** In these, a request reads the dead letter and begins to wait. */
async function someTurns() {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
}

test('what was discarded while it waited for its turn is not replayed', async () => {
  const { saved, replay, discard, letGo } = await aLog()
  const before = replay('busy', 'held')
  while (saved.length === 0) await new Promise(setImmediate)
  const discarded = discard('quiet')
  await someTurns()
  const replayed = replay('quiet', 'quiet')
  await someTurns()
  letGo()
  expect([await before, await discarded, await replayed].map(({ status }) => status)).toEqual([200, 204, 409])
  expect(saved).toEqual(['held'])
})

test('what nobody waits for any more is not replayed when it would have its turn', async () => {
  const { saved, replay } = await aLog()
  const first = replay('busy', 'first')
  const leaving = new AbortController()
  const second = replay('busy', 'second', { signal: leaving.signal })
  leaving.abort()
  expect((await first).status).toBe(200)
  expect((await second).status).toBe(503)
  expect(saved).toEqual(['first'])
})

test('a store that never answers keeps no later replay from its turn', async () => {
  const { replay } = await aLog({ deadlineMs: 50 })
  expect((await replay('busy', 'stuck')).status).toBe(503)
  await expect.poll(async () => (await replay('quiet', 'quiet')).status).toBe(200)
})

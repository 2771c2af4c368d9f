import { createApp as createPersist } from '@activity-log/persist/app.ts'
import { createApp as createQuery } from '@activity-log/query/app.ts'
import { anybody } from '@activity-log/shared/http/caller.ts'
import { toReceipt } from '@activity-log/shared/receipt.ts'
import type { ActivityStore } from '@activity-log/shared/store/store.ts'
import { asTenant } from '@activity-log/shared/tenant.ts'
import { accessAs } from '@activity-log/shared/testing/access.ts'
import { aDeadLetter, receivedAt, recorded, silent } from '@activity-log/shared/testing/builders.ts'
import fc from 'fast-check'
import { expect } from 'vitest'

/** What happens to one tenant: an activity is stored, or a record becomes a dead letter. */
const happening = fc.record({
  id: fc.constantFrom('a', 'b', 'c', 'd'),
  userId: fc.constantFrom('ann', 'bob', 'cleo'),
  action: fc.constantFrom('login', 'cart.add', 'cart.pay'),
  second: fc.nat(59),
  n: fc.nat(3),
  isDeadLetter: fc.boolean(),
})
type Happening = { id: string; userId: string; action: string; second: number; n: number; isDeadLetter: boolean }

/** The lists, counts and files that a tenant may ask for. */
const asked = [
  '/logs?limit=3',
  '/logs?limit=2&page=2',
  '/logs?order=asc&count=exact',
  '/logs?userId=ann&userId=bob',
  '/logs?action=cart.*',
  '/logs?action=!login',
  '/logs?userId=ann&metadata.n=1',
  '/logs?userId=ann&q=cart',
  '/logs?from=2024-01-15T10:00:20Z&to=2024-01-15T10:00:40Z',
  '/logs/a',
  '/logs/b/context',
  '/stats?by=action',
  '/stats?by=userId&prefix=a',
  '/stats?by=hour',
  '/export?format=csv',
  '/export?format=ndjson&order=asc',
  '/dead-letters?state=all',
  '/dead-letters?reason=conflict',
]

/** Positions, and moments that depend on those of others, are the only things that others may change. */
const withoutPlaces = (text: string) =>
  text
    .replaceAll(/"(asOf|completeThrough)":(?:"[^"]*"|null)/g, '"$1":…')
    // a cursor is bound to its tenant
    .replaceAll(/(asOf|cursor)=[\w-]+/g, '$1=…')
    // the ids of dead letters are made of positions
    .replaceAll(/\b[\da-f]{32}\b/g, '…')
    .replaceAll(/"position":\{[^}]*\}/g, '"position":…')

let nextOffset = 0

/** Saves what happens to tenant `one`, between what happens to others, and answers all that it may ask for. */
async function answersOf(store: ActivityStore, one: string, own: readonly Happening[], others: readonly Happening[]) {
  const access = accessAs({ ...anybody, tenant: asTenant(one), isOperator: false, system: undefined })
  const now = () => receivedAt
  const query = createQuery({ store, log: silent, now, access })
  const persist = createPersist({ store, log: silent, now, access })
  const receipts: string[] = []
  for (let at = 0; at < Math.max(own.length, others.length); at++) {
    for (const [tenant, each] of [
      [`${one} too`, others[at]],
      [one, own[at]],
    ] as const) {
      if (!each) continue
      const { isDeadLetter, second, n, ...members } = each
      const position = { partition: 0, offset: nextOffset++ }
      const timestamp = `2024-01-15T10:00:${String(second).padStart(2, '0')}Z`
      const activity = recorded({ ...members, timestamp, metadata: { n } }, position.offset, tenant)
      // an order of its own, which does not depend on how much happened to others
      const sequence = at
      if (isDeadLetter) {
        const letter = { position, tenant, activityId: each.id, body: Buffer.from(`${tenant === one} ${at}`) }
        await store.deadLetter([{ ...aDeadLetter(letter), at: new Date(receivedAt.getTime() + at) }])
      } else await store.save([{ ...activity, sequence }])
      if (tenant === one) receipts.push(toReceipt({ position, recordedAt: receivedAt }))
    }
  }
  const answers: string[] = []
  const ask = async (path: string, init?: RequestInit) => {
    const response = await query.request(path, init)
    answers.push(
      withoutPlaces(`${path.replace(/receipts\/.*/, 'receipts/…')} ${response.status} ${await response.text()}`),
    )
  }
  for (const path of asked) await ask(path)
  for (const receipt of receipts) await ask(`/receipts/${receipt}`)
  const letters = await store.findDeadLetters({ filter: { tenant: `${one} too` }, order: 'asc', limit: 1000 })
  for (const { deadLetter } of letters) {
    expect((await query.request(`/dead-letters/${deadLetter.id}`)).status).toBe(404)
    expect((await persist.request(`/dead-letters/${deadLetter.id}/replay`, { method: 'POST' })).status).toBe(404)
  }
  return answers
}

/**
 * Whatever happens to another tenant, under the same ids, users and times, changes no byte of a tenant's answers but
 * positions and moments.
 */
export async function checkNonInterference(store: ActivityStore, runs: number): Promise<void> {
  const happenings = fc.array(happening, { maxLength: 12 })
  let made = 0
  await fc.assert(
    fc.asyncProperty(happenings, fc.array(happening, { minLength: 1, maxLength: 12 }), async (own, others) => {
      const alone = await answersOf(store, `tenant ${made++}`, own, [])
      const beside = await answersOf(store, `tenant ${made++}`, own, others)
      expect(beside).toEqual(alone)
    }),
    { numRuns: runs },
  )
}

import { accessOf, anAccessFile, bearer } from '@activity-log/shared/testing/access.ts'
import { aRecord, delivery, silent } from '@activity-log/shared/testing/builders.ts'
import { openMemoryStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { expect, test } from 'vitest'
import { createApp } from './app.ts'

test('nobody gets a 429, whatever the limits are: neither dispatchers nor operators', async () => {
  const scopes = ['operate'] as const
  const { path, keys } = anAccessFile(
    { own: { rate: 1, scopes: [...scopes] }, all: { rate: 1, tenant: '*', scopes: [...scopes] } },
    { limits: { default: 1, tenants: {} } },
  )
  const app = createApp({ store: openMemoryStore(), log: silent, now: () => new Date(), access: accessOf(path) })
  const statuses = []
  for (let n = 0; n < 5; n++) {
    const letter = `/dead-letters/${'0'.repeat(32)}`
    statuses.push((await app.request('/', delivery(aRecord(), n))).status)
    statuses.push((await app.request(letter, { method: 'DELETE', headers: bearer(keys.own) })).status)
    const named = `${letter}/replay?tenant=default`
    statuses.push((await app.request(named, { method: 'POST', headers: bearer(keys.all) })).status)
  }
  expect(new Set(statuses)).toEqual(new Set([204, 404]))
})

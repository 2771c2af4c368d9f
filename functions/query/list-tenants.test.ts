import { anybody } from '@activity-log/shared/http/caller.ts'
import { asTenant } from '@activity-log/shared/tenant.ts'
import { accessAs } from '@activity-log/shared/testing/access.ts'
import { answerOf, receivedAt, recorded, silent } from '@activity-log/shared/testing/builders.ts'
import { openMemoryStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { expect, test } from 'vitest'
import { createApp } from './app.ts'

test('lists the tenants that have a key or an activity, page by page', async () => {
  const store = openMemoryStore()
  for (const [at, tenant] of ['b', 'a & b', 'c'].entries()) await store.save([recorded({ id: 'one' }, at, tenant)])
  const access = accessAs(anybody, ['b', 'd'])
  const { request } = createApp({ store, log: silent, now: () => receivedAt, access })
  const found: object[] = []
  for (let path: string | null = '/tenants?limit=2'; path; ) {
    const answer = (await answerOf(await request(path))) as { data: object[]; next: string | null }
    found.push(...answer.data)
    path = answer.next
  }
  expect(found).toEqual([
    { tenant: 'a & b', hasKey: false },
    { tenant: 'b', hasKey: true },
    { tenant: 'c', hasKey: false },
    { tenant: 'd', hasKey: true },
  ])
  expect((await request('/tenants?limit=0')).status).toBe(400)
  expect((await request('/tenants?tenant=a')).status).toBe(400)
})

test('no page omits a tenant whose name has unusual letters', async () => {
  const names = ['a', '\uff5e', '\u{1f600}', '\u{1f601}']
  const store = openMemoryStore()
  for (const [at, tenant] of names.entries()) await store.save([recorded({ id: 'one' }, at, tenant)])
  const access = accessAs(anybody, names.slice(1, 3).toSorted())
  const { request } = createApp({ store, log: silent, now: () => receivedAt, access })
  const found: unknown[] = []
  for (let path: string | null = '/tenants?limit=1'; path; ) {
    const answer = (await answerOf(await request(path))) as { data: object[]; next: string | null }
    found.push(...answer.data.map((each) => 'tenant' in each && each.tenant))
    path = answer.next
  }
  expect(found).toEqual(names)
})

test('the links of an answer name the tenant that its request named', async () => {
  const store = openMemoryStore()
  for (const n of [0, 1, 2]) await store.save([recorded({ id: `${n}` }, n, 'a & b')])
  const access = accessAs({ ...anybody, tenant: asTenant('a & b'), isNamed: true })
  const { request } = createApp({ store, log: silent, now: () => receivedAt, access })
  const first = (await answerOf(await request('/logs?limit=1&tenant=a+%26+b'))) as { next: string }
  expect(first.next).toMatch(/^\/logs\?limit=1&.*&tenant=a%20%26%20b$/)
  const stats = (await answerOf(await request('/stats?by=userId&limit=1&tenant=a+%26+b'))) as { next: string | null }
  expect(stats.next).toBeNull()
  expect((await request(first.next)).status).toBe(200)
})

import { receivedAt, silent } from '@activity-log/shared/testing/builders.ts'
import { aFolder } from '@activity-log/shared/testing/processes.ts'
import createClient from 'openapi-fetch'
import { expect, test } from 'vitest'
import { openEmbedded } from '../embedded.ts'
import type { paths } from './api.ts'

async function aClient() {
  const log = await openEmbedded({ folder: aFolder(), log: silent, now: () => receivedAt })
  const client = createClient<paths>({
    baseUrl: 'http://localhost',
    fetch: async (request) => log.fetch(request),
    // metadata.a.b=value, as the contract says
    querySerializer: { object: { style: 'form', explode: true } },
  })
  return Object.assign(log, { client })
}

test('a client that is made of the contract goes the whole journey', async () => {
  await using log = await aClient()
  const { client } = log
  const activity = { id: 'a-1', userId: 'user_123', action: 'cart.add', metadata: { sku: 'T-42' } }
  const posted = await client.POST('/logs', { body: activity, params: { header: {} } })
  if (!posted.data || !('receipt' in posted.data)) throw new Error('One activity is answered with a receipt')
  const { receipt } = posted.data
  const fate = await client.GET('/receipts/{receipt}', { params: { path: { receipt }, query: { wait: 10 } } })
  expect(fate.data).toMatchObject({ fate: 'stored', id: 'a-1', links: { activity: '/logs/a-1' } })

  const many = [2, 3, 4].map((n) => ({ id: `a-${n}`, userId: 'user_123', action: 'login' }))
  const batch = await client.POST('/logs', { body: many })
  if (!batch.data || !('results' in batch.data)) throw new Error('Many are answered with results')
  const last = batch.data.results.at(-1)
  expect(last?.status).toBe('accepted')
  if (last?.status !== 'accepted') return

  const query = { userId: 'user_123', limit: 3 }
  const first = await client.GET('/logs', { params: { query: { ...query, receipt: last.receipt, wait: 10 } } })
  expect([first.data?.total, first.data?.data.length]).toEqual([4, 3])
  const next = new URLSearchParams(first.data?.next?.split('?')[1])
  const place = { cursor: next.get('cursor') ?? '', asOf: next.get('asOf') ?? '' }
  const second = await client.GET('/logs', { params: { query: { ...query, ...place } } })
  const found = [...(first.data?.data ?? []), ...(second.data?.data ?? [])]
  expect(found.map(({ id }) => id).toSorted()).toEqual(['a-1', 'a-2', 'a-3', 'a-4'])
  expect(second.data?.next).toBeNull()

  const filtered = await client.GET('/logs', {
    params: { query: { userId: 'user_123', metadata: { 'metadata.sku': 'T-42' } } },
  })
  expect(filtered.data?.data.map(({ id }) => id)).toEqual(['a-1'])
  const stats = await client.GET('/stats', { params: { query: { by: 'action' } } })
  expect(stats.data?.data).toEqual([
    { key: 'login', count: 3 },
    { key: 'cart.add', count: 1 },
  ])
  const exported = await client.GET('/export', { params: { query: { format: 'ndjson' } }, parseAs: 'text' })
  expect(exported.data?.trim().split('\n')).toHaveLength(4)
})

test('a client that is made of the contract gets its mistakes named', async () => {
  await using log = await aClient()
  const { error, response } = await log.client.GET('/logs', { params: { query: { limit: 0 } } })
  expect([response.status, error?.errors?.[0]?.pointer]).toEqual([400, 'limit'])
})

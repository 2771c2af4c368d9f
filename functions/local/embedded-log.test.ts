import { join } from 'node:path'
import { openEmbeddedBroker } from '@activity-log/shared/broker/embedded-broker.ts'
import { noCounts } from '@activity-log/shared/ledger-summary.ts'
import { anActivity, answerOf, aRecord, post, silent, until } from '@activity-log/shared/testing/builders.ts'
import { aFolder } from '@activity-log/shared/testing/processes.ts'
import { describe, expect, test } from 'vitest'
import { openEmbedded } from './embedded-log.ts'

async function embedded(folder = aFolder()) {
  const opened = await openEmbedded({ folder, log: silent })
  const request = async (path: string, init?: RequestInit) => opened.fetch(new Request(`http://localhost${path}`, init))
  const send = (body: unknown, headers?: Record<string, string>) => request('/logs', post(body, headers))
  const list = async (query = '') => answerOf(await request(`/logs${query}`))
  const ask = async (path: string, init?: RequestInit) =>
    (await (await request(path, init)).json()) as Record<string, unknown>
  return Object.assign(opened, { request, send, list, ask, folder })
}

describe('the whole journey in one process', () => {
  test('finds posted activities page by page, exactly as they were sent', async () => {
    await using log = await embedded()
    const sent = Array.from({ length: 250 }, (_, n) =>
      anActivity({
        id: `id-${n}`,
        userId: `user ${n % 5} ☃`,
        metadata: { n },
        timestamp: `2024-01-15T10:00:00.${1000 + n}+02:00`,
      }),
    )
    expect((await log.send(sent)).status).toBe(202)
    await until(async () => (await log.list('?count=exact')).total === 250)
    const found = new Map<string, unknown>()
    for (let url: string | null = '/logs?limit=100'; url; ) {
      const page = await answerOf(await log.request(url))
      for (const { recordedAt: _recordedAt, ...activity } of page.data) found.set(activity.id, activity)
      url = page.next
    }
    expect([...found.keys()].toSorted()).toEqual(sent.map(({ id }) => id!).toSorted())
    expect(sent.map(({ id }) => found.get(id!))).toEqual(sent)
  })

  test('finds an activity only once, although it was sent three times with the same id', async () => {
    await using log = await embedded()
    const batch = await answerOf(await log.send([anActivity(), anActivity()]))
    const again = await answerOf(await log.send(anActivity()))
    const receipts = [...batch.results, again].map(({ receipt }) => receipt)
    const outcomes = await Promise.all(receipts.map((receipt) => log.ask(`/receipts/${receipt}?wait=30`)))
    expect(outcomes.map(({ status }) => status)).toEqual(['stored', 'duplicate', 'duplicate'])
    expect((await log.list()).total).toBe(1)
    expect(await log.ask('/ledger')).toMatchObject({ complete: true, partitions: [{ first: 0, completeThrough: 2 }] })
  })

  test('reads its own writes', async () => {
    await using log = await embedded()
    for (let n = 0; n < 100; n++) {
      const { id, receipt } = await answerOf(await log.send({ userId: 'ann', action: 'x' }))
      const { data } = await log.list(`?receipt=${receipt}&wait=10&limit=1`)
      expect(data[0]?.id).toBe(id)
    }
  })

  test('makes a dead letter of a record that is not an event, accounts for it, and stores its correction', async () => {
    const folder = aFolder()
    {
      await using queue = openEmbeddedBroker({ path: join(folder, 'queue.db') })
      await queue.publish([aRecord({ id: 'a' }), { headers: {}, value: 'garbage' }, aRecord({ id: 'b' })])
    }
    await using log = await embedded(folder)
    await until(async () => (await log.ask('/ledger'))['complete'] === true && (await log.list()).total === 2)
    const counts = { ...noCounts, stored: 2, rejected: 1 }
    expect(await log.ask('/ledger')).toMatchObject({ partitions: [{ last: 2, counts }] })
    const { data } = (await log.ask('/dead-letters')) as { data: { links: { self: string } }[] }
    expect(data).toMatchObject([{ reason: 'undelivered', firstPosition: { partition: 0, offset: 1 }, attempts: 1 }])
    const { self } = data[0]!.links
    expect(await log.ask(self)).toMatchObject({ body: { text: 'garbage' } })

    const corrected = { id: 'c', userId: 'ann', action: 'fixed' }
    expect(await log.ask(`${self}/replay`, post(corrected))).toMatchObject({ outcome: 'stored' })
    expect((await log.list()).total).toBe(3)
    expect(await log.ask('/dead-letters')).toMatchObject({ data: [] })
    expect(await log.ask(self, { ...post({ note: 'x' }), method: 'DELETE' })).toMatchObject({ status: 409 })
  })

  test('finds everything again after a restart', async () => {
    const folder = aFolder()
    {
      await using log = await embedded(folder)
      await log.send(anActivity())
    }
    await using again = await embedded(folder)
    await until(async () => (await again.list()).total === 1)
    expect((await again.list()).data[0]).toMatchObject(anActivity() as object)
  })

  test('serves one origin, without the deliveries to persist', async () => {
    await using log = await embedded()
    const status = async (path: string, method: string) => (await log.request(path, { method })).status
    expect(await status('/healthz', 'GET')).toBe(200)
    expect(await status('/', 'POST')).toBe(405)
    expect(await status('/nowhere', 'GET')).toBe(404)
    const rejected = await log.request('/logs', { method: 'DELETE' })
    expect([rejected.status, rejected.headers.get('allow')]).toEqual([405, 'POST, GET, HEAD'])
  })

  test('a folder belongs to one log at a time, and is free again afterwards', async () => {
    const folder = aFolder()
    {
      await using _log = await embedded(folder)
      await expect(embedded(folder)).rejects.toThrow(/DATA_DIR/)
    }
    await using _again = await embedded(folder)
  })
})

import { join } from 'node:path'
import { createApp as createIngest } from '@activity-log/ingest/app.ts'
import { openEmbeddedBroker } from '@activity-log/shared/broker/embedded-broker.ts'
import { ownActivity } from '@activity-log/shared/own-activity.ts'
import { accessOf, anAccessFile, bearer } from '@activity-log/shared/testing/access.ts'
import { anActivity, post, silent } from '@activity-log/shared/testing/builders.ts'
import { aFolder } from '@activity-log/shared/testing/processes.ts'
import { expect, test } from 'vitest'

test('a tenant that fills the embedded queue gets a 503; others and the own records of the log have room', async () => {
  const { path, keys } = anAccessFile({
    flood: { tenant: 'acme', scopes: ['write'] },
    quiet: { tenant: 'bolt', scopes: ['write'] },
  })
  // nothing delivers what is in it
  await using broker = openEmbeddedBroker({ path: join(aFolder(), 'queue.db'), maxRecords: 100 })
  let ids = 0
  const newId = () => `made-${++ids}`
  const ingest = createIngest({ broker, log: silent, now: () => new Date(), newId, access: accessOf(path) })
  const send = (key: string, activities: unknown) => {
    const { headers, ...request } = post(activities)
    return ingest.request('/logs', { ...request, headers: { ...headers, ...bearer(key) } })
  }
  const many = (count: number) => Array.from({ length: count }, () => anActivity({ id: newId() }))

  // some of a request may be accepted; the answer lists which
  expect((await send(keys.flood, many(150))).status).toBe(503)
  expect(broker.read(0, 1_000)).toHaveLength(100)
  expect((await send(keys.flood, anActivity({}))).status).toBe(503)
  expect((await send(keys.quiet, anActivity({}))).status).toBe(202)
  expect((await send(keys.quiet, many(10))).status).toBe(202)
  const act = { action: 'sign-in', keyId: 'a', at: new Date(), metadata: {} } as const
  await ingest.publishOwn(ownActivity('acme', act))
  expect(broker.read(0, 1_000)).toHaveLength(112)
})

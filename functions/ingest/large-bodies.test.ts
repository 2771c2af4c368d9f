import { setTimeout as wait } from 'node:timers/promises'
import { anActivity, silent } from '@activity-log/shared/testing/builders.ts'
import { openWay } from '@activity-log/shared/testing/ways.ts'
import { expect, test } from 'vitest'
import { createApp } from './app.ts'

const lines = Array.from({ length: 1000 }, () => JSON.stringify(anActivity())).join('\n')
const sent = { method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, body: lines }

test('large bodies at once wait for their turn until there is room for what they contain', async () => {
  await using way = await openWay('over a socket')
  let published = 0
  const publish = async (records: readonly unknown[]) => {
    await wait(10)
    return records.map(() => ({ partition: 0, offset: published++ }))
  }
  let ids = 0
  const app = createApp({ broker: { publish }, log: silent, now: () => new Date(), newId: () => `id-${++ids}` })
  // twice as many activities as may wait
  const responses = await Promise.all(Array.from({ length: 40 }, () => way.request(app, '/logs', sent)))
  await Promise.all(responses.map((response) => response.arrayBuffer()))
  expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([202]))
  expect(published).toBe(40_000)
})

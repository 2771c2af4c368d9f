import { sinkRequest } from '@activity-log/shared/dispatch/sink-request.ts'
import { aFolder } from '@activity-log/shared/testing/processes.ts'
import { expect, test } from 'vitest'
import { readFixture } from './fixtures.ts'
import { type RecordLine, toSourceRecord } from './records.ts'
import { names } from './requests/names.ts'
import { openSystem } from './state.ts'

test('finds every record of an older topic as it was sent, whatever its names', async () => {
  const records = readFixture<RecordLine>('records').map(toSourceRecord)
  expect(records).toHaveLength(200)
  await using system = openSystem(aFolder())
  for (const record of records) {
    const { headers, body } = sinkRequest(record, { namespace: 'default', name: 'activities', topic: 'activities' })
    const sent = { ...headers, 'content-length': String(body.byteLength) }
    const init = { method: 'POST', headers: sent, body: body as Uint8Array<ArrayBuffer> }
    const { status } = await system.apps.persist.fetch(new Request('http://persist/', init))
    expect([record.headers['ce_id'], status]).toEqual([record.headers['ce_id'], 204])
  }
  const exported = await system.apps.query.fetch(new Request('http://query/export?format=ndjson'))
  const found = (await exported.text()).split('\n').filter((line) => line !== '')
  const byId = new Map(found.map((line) => [JSON.parse(line).id, JSON.parse(line)]))
  const sent = records.map(({ value }) => JSON.parse(Buffer.from(value ?? []).toString()))
  const expected = new Map(sent.toReversed().map((activity) => [activity.id, activity]))
  expect(byId.size).toBe(expected.size)
  for (const [id, activity] of expected) {
    const { recordedAt, ...rest } = byId.get(id)
    expect(rest).toEqual(activity)
    expect(JSON.stringify(rest)).toBe(JSON.stringify(activity))
    expect(records.map(({ headers }) => headers['ce_recordedtime'])).toContain(recordedAt)
  }
  expect(names.filter((name) => !sent.some(({ userId }) => userId === name))).toEqual([])
})

import fc from 'fast-check'
import packageJson from 'kafkajs/package.json' with { type: 'json' }
import produce from 'kafkajs/src/protocol/requests/produce/index.js'
import { afterEach, expect, test, vi } from 'vitest'
import type { EventRecord } from '../activity-recorded.ts'
import { aRecord } from '../testing/builders.ts'
import { batchMessage } from './produce-request.ts'
import { encodeRecordBatch } from './record-batch.ts'

const nowMs = Date.UTC(2026, 0, 1, 10, 0, 0, 123)
afterEach(() => {
  vi.useRealTimers()
})

/** The request for single messages as kafkajs writes it, or for a finished batch. */
async function written(version: number, messages: Parameters<typeof encodeBy>[1]): Promise<string> {
  vi.useFakeTimers({ now: nowMs, toFake: ['Date'] })
  return (await encodeBy(version, messages)).toString('hex')
}
async function encodeBy(version: number, messages: readonly (EventRecord | ReturnType<typeof batchMessage>)[]) {
  const partitions = [{ partition: 3, messages, firstSequence: 0 }]
  const options = { acks: -1, timeout: 2500, topicData: [{ topic: 'activities', partitions }] }
  return (await produce.protocol({ version })(options).request.encode()).buffer
}
const ours = (version: number, records: readonly EventRecord[]) =>
  written(version, [batchMessage(encodeRecordBatch(records, nowMs), 3)])

test('kafkajs has the version that the encoding is compared with', () => expect(packageJson.version).toBe('2.2.4'))

test.each([3, 5, 7])('version %i of a request has the same bytes as from kafkajs', async (version) => {
  const records = [aRecord(), aRecord({ metadata: { text: 'ü☃😀'.repeat(100) } }), { headers: {}, value: '' }]
  expect(await ours(version, records)).toBe(await written(version, records))
})

test.each([1, 63, 64, 65, 500])('a request with %i records has the same bytes as from kafkajs', async (count) => {
  const records = Array.from({ length: count }, (_, n) => aRecord({ id: `id-${n}` }))
  expect(await ours(7, records)).toBe(await written(7, records))
})

test('throws if a message has lost its batch, instead of sending an empty record', () => {
  const partitions = [{ partition: 3, messages: [{ value: null }], firstSequence: 0 }]
  const options = { acks: -1, timeout: 2500, topicData: [{ topic: 'activities', partitions }] }
  expect(() => produce.protocol({ version: 7 })(options)).toThrow('The message has lost its batch of records')
})

test('a request with any records has the same bytes as from kafkajs', async () => {
  const ascii = fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)) })
  const record = fc.record({
    headers: fc.dictionary(ascii, ascii, { noNullPrototype: true }),
    value: fc.string({ unit: 'binary', maxLength: 300 }).map((text) => text.toWellFormed()),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 5 }), async (records) => {
      expect(await ours(7, records)).toBe(await written(7, records))
    }),
  )
})

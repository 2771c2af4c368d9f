import { openSink } from '@activity-log/kafka-source/sink.ts'
import { openEmbedded } from '@activity-log/local/embedded-log.ts'
import { type DeliveryPolicy, deliver, type Send, type SinkAnswer } from '@activity-log/shared/dispatch/delivery.ts'
import { type SourceRecord, sinkRequest } from '@activity-log/shared/dispatch/sink-request.ts'
import { listen } from '@activity-log/shared/http/serve.ts'
import { answerOf, silent, until } from '@activity-log/shared/testing/builders.ts'
import { aFolder } from '@activity-log/shared/testing/processes.ts'
import { expect, test } from 'vitest'

/**
 * The egress of a Trigger takes the body of a 2xx for the reply, and a body that is no CloudEvent for a failure
 * (eventing-kafka-broker, replyToOriginalTopic; knative.dev/eventing, filter_handler.go). Otherwise its rules are those
 * of KafkaSource.
 */
const asTrigger =
  (send: Send): Send =>
  async (request, signal) => {
    const answer = await send(request, signal)
    if (answer.status < 300 && answer.body.byteLength > 0 && !isCloudEvent(answer)) {
      throw new Error('Unable to decode response: unknown encoding and non empty response')
    }
    return answer
  }

const isCloudEvent = ({ headers = {} }: SinkAnswer) =>
  headers['ce-specversion'] !== undefined || /^application\/cloudevents/.test(headers['content-type'] ?? '')

const policy: DeliveryPolicy = { retry: 2, backoffPolicy: 'linear', backoffDelayMs: 1, timeoutMs: 20_000 }
const trigger = { namespace: 'shop', name: 'to-ingest', topic: 'knative-broker-shop-default' }
const attributes = { ce_specversion: '1.0', ce_source: '/shop', ce_type: 'order.paid', ce_time: '2024-01-15T10:00:00Z' }
const json = { 'content-type': 'application/json' }

const ping = {
  specversion: '1.0',
  id: 'ping',
  source: '/apis/v1/namespaces/shop/pingsources/every-minute',
  type: 'dev.knative.sources.ping',
  time: '2024-01-15T10:00:00Z',
  datacontenttype: 'application/json',
  data: { message: 'hello' },
}

/** The records of a broker's topic. */
const records: readonly Pick<SourceRecord, 'headers' | 'value'>[] = [
  { headers: { 'content-type': 'application/cloudevents+json' }, value: Buffer.from(JSON.stringify(ping)) },
  { headers: { ...attributes, ...json, ce_id: 'with-subject', ce_subject: 'ada' }, value: Buffer.from('{"total":3}') },
  { headers: { ...attributes, 'content-type': 'text/xml', ce_id: 'xml' }, value: Buffer.from('<a>é</a>') },
  { headers: { ...attributes, ce_id: 'without-data' }, value: null },
]

test('a Trigger that points at ingest delivers every event, and one that was sent twice is stored once', {
  timeout: 60_000,
}, async () => {
  await using opened = new AsyncDisposableStack()
  const embedded = opened.use(await openEmbedded({ folder: aFolder(), log: silent }))
  const { port } = opened.use(await listen({ fetch: embedded.fetch, front: embedded.front, port: 0, log: silent }))
  const origin = `http://localhost:${port}`
  using sink = openSink(`${origin}/logs?user=source`)
  const signal = new AbortController().signal

  for (const offset of [0, 1]) {
    for (const [partition, record] of records.entries()) {
      const request = sinkRequest({ ...record, partition, offset }, trigger)
      let attempts = 0
      const delivery = await deliver(request, {
        send: asTrigger(sink.send),
        sinkUrl: origin,
        policy,
        signal,
        onAttempt: () => attempts++,
      })
      expect([delivery, attempts]).toEqual([{ delivered: true }, 1])
    }
  }

  type Ledger = { complete: boolean; partitions: { counts: { [outcome: string]: number } }[] }
  const ledger = async () => (await (await fetch(`${origin}/ledger`)).json()) as Ledger
  const counts = async () => (await ledger()).partitions[0]?.counts ?? {}
  await until(async () => Object.values(await counts()).reduce((sum, count) => sum + count, 0) === 2 * records.length)
  // the second time, Knative's attributes name another position
  expect(await counts()).toMatchObject({ stored: 4, duplicate: 4, conflict: 0 })
  const { data } = await answerOf(await fetch(`${origin}/logs?order=asc`))
  expect(data.map(({ id, userId }) => [id, userId]).toSorted()).toEqual([
    ['ping', ping.source],
    ['with-subject', 'ada'],
    ['without-data', '/shop'],
    ['xml', '/shop'],
  ])
})

import type { DeliveryPolicy, Send } from '@activity-log/shared/dispatch/delivery.ts'
import { aRecord, silent } from '@activity-log/shared/testing/builders.ts'
import { expect, test } from 'vitest'
import type { DeadLetter } from './dead-letter-topic.ts'
import { createDispatch } from './dispatch.ts'

const policy: DeliveryPolicy = { retry: 1, backoffPolicy: 'linear', backoffDelayMs: 1, timeoutMs: 20_000 }
const source = { namespace: 'local', name: 'persist', topic: 'activities' }
const never = new AbortController().signal
const rejects: Send = async () => ({ status: 400, body: Buffer.from('no') })
const { headers, value } = aRecord({ id: 'a' })
const record = { partition: 2, offset: 7, headers, value: Buffer.from(value) }

function dispatcher({ send = rejects, failures = 0, withDeadLetters = true }) {
  const written: DeadLetter[] = []
  const errors: object[] = []
  const publish = async (deadLetter: DeadLetter) => {
    if (failures-- > 0) throw new Error('no broker')
    written.push(deadLetter)
  }
  const log = { ...silent, error: (fields: object) => void errors.push(fields) }
  const deadLetters = withDeadLetters ? { publish } : undefined
  const dispatch = createDispatch({ source, send, sinkUrl: 'http://persist/', policy, deadLetters, log })
  return { dispatch, written, errors }
}

test('makes a dead letter of a rejected record, with the event, its bytes and the error', async () => {
  const { dispatch, written } = dispatcher({})
  await dispatch(record, never)
  expect(written).toEqual([
    {
      key: 'user_123',
      value: Buffer.from(value),
      headers: {
        ...headers,
        // the time is written as it was sent, without trailing zeros
        ce_time: '2024-01-15T10:00:00Z',
        ce_recordedtime: headers['ce_recordedtime'],
        ce_knativekafkapartition: '2',
        ce_knativekafkaoffset: '7',
        ce_knativeerrordest: 'http://persist/',
        ce_knativeerrorcode: '400',
        ce_knativeerrordata: Buffer.from('no').toString('base64'),
      },
    },
  ])
})

test('retries a dead letter until it is written', async () => {
  const { dispatch, written } = dispatcher({ failures: 1 })
  await dispatch(record, never)
  expect(written).toHaveLength(1)
})

test('makes a dead letter without a value of a record without a value', async () => {
  const { dispatch, written } = dispatcher({})
  await dispatch({ ...record, value: null }, never)
  expect(written[0]?.value).toBeNull()
})

test('gives up a record and logs an error if there is no topic for dead letters', async () => {
  const { dispatch, errors } = dispatcher({ withDeadLetters: false })
  await dispatch(record, never)
  expect(errors).toEqual([expect.objectContaining({ topic: 'activities', partition: 2, offset: 7 })])
})

test('makes no dead letter of a record whose partition is released', async () => {
  const released = new AbortController()
  const send: Send = async () => {
    released.abort()
    return { status: 400, body: Buffer.from('no') }
  }
  const { dispatch, written } = dispatcher({ send })
  await expect(dispatch(record, released.signal)).rejects.toThrow()
  expect(written).toEqual([])
})

import type { RecordMetadata } from 'kafkajs'
import { expect, test } from 'vitest'
import { openDeadLetters } from './dead-letter-topic.ts'

const deadLetter = { headers: {}, key: null, value: Buffer.from('{}') }
const answering = (acknowledged: RecordMetadata[]) =>
  openDeadLetters(
    { connect: async () => {}, disconnect: async () => {}, send: async () => acknowledged },
    'activities-dead-letter',
  )
const acknowledgement = { topicName: 'activities-dead-letter', partition: 0, errorCode: 0 }

test('accepts an acknowledgement that names the partition', async () => {
  await answering([acknowledgement]).publish(deadLetter)
})

test.each([
  ['names no partition', []],
  ['reports an error', [{ ...acknowledgement, errorCode: 19 }]],
])('rejects an acknowledgement that %s', async (_what, acknowledged) => {
  await expect(answering(acknowledged).publish(deadLetter)).rejects.toThrow(/acknowledge/)
})

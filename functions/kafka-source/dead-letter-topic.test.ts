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

test('an acknowledgement that names the partition counts', async () => {
  await answering([acknowledgement]).publish(deadLetter)
})

test.each([
  ['names no partition', []],
  ['says that it was not written', [{ ...acknowledgement, errorCode: 19 }]],
])('one that %s does not', async (_what, acknowledged) => {
  await expect(answering(acknowledged).publish(deadLetter)).rejects.toThrow(/acknowledge/)
})

import type { Message } from 'kafkajs'
import Encoder from 'kafkajs/src/protocol/encoder.js'
import produce from 'kafkajs/src/protocol/requests/produce/index.js'

/** One message for kafkajs, a whole batch for Kafka (record-batch.ts). */
export type BatchMessage = Message & { partition: number; batch: Buffer }

export const batchMessage = (batch: Buffer, partition: number): BatchMessage => ({ value: null, partition, batch })

/**
 * kafkajs 2.2.4 looks up how a produce request is written each time that it sends one. A batch that is there already goes into
 * it as it is; what kafkajs then does with the answer, with retries and connections, is as ever. So its own grouping, which
 * copies all messages for each of them (tulios/kafkajs #1576), has only one to group.
 */
const versions = produce.protocol
produce.protocol = ({ version }) => {
  const original = versions({ version })
  return (options) => {
    const exchange = original(options)
    const [topic] = options.topicData
    const [data] = topic?.partitions ?? []
    const [message] = data?.messages ?? []
    // a batch that kafkajs lost on the way would be one record without a value, acknowledged for all of them
    if (message?.value === null && !message.batch) throw new Error('A batch of records is not in its message')
    if (!topic || !data || !message?.batch) return exchange
    const { batch } = message
    const { acks, timeout } = options
    const encode = async () =>
      new Encoder(batch.length + 128 + topic.topic.length)
        .writeString(null)
        .writeInt16(acks)
        .writeInt32(timeout)
        .writeInt32(1)
        .writeString(topic.topic)
        .writeInt32(1)
        .writeInt32(data.partition)
        .writeInt32(batch.length)
        .writeBuffer(batch)
    return { ...exchange, request: { ...exchange.request, encode } }
  }
}

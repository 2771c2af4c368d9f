import type { Message } from 'kafkajs'
import Encoder from 'kafkajs/src/protocol/encoder.js'
import produce from 'kafkajs/src/protocol/requests/produce/index.js'

/** A single message to kafkajs that is a whole batch to Kafka (record-batch.ts). */
export type BatchMessage = Message & { partition: number; batch: Buffer }

export const batchMessage = (batch: Buffer, partition: number): BatchMessage => ({ value: null, partition, batch })

/**
 * kafkajs 2.2.4 looks up the encoding of a produce request each time that it sends one. This encoding writes a finished
 * batch into the request unchanged, while kafkajs still handles answers, retries and connections. So the grouping in
 * kafkajs, which copies all messages for each of them (tulios/kafkajs #1576), has only one message to group.
 */
const versions = produce.protocol
produce.protocol = ({ version }) => {
  const original = versions({ version })
  return (options) => {
    const exchange = original(options)
    const [topic] = options.topicData
    const [data] = topic?.partitions ?? []
    const [message] = data?.messages ?? []
    // without its batch, kafkajs would send one record without a value, and its answer would acknowledge all of them
    if (message?.value === null && !message.batch) throw new Error('The message has lost its batch of records')
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

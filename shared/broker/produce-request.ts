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
      withRest(
        new Encoder(128 + topic.topic.length)
          .writeString(null)
          .writeInt16(acks)
          .writeInt32(timeout)
          .writeInt32(1)
          .writeString(topic.topic)
          .writeInt32(1)
          .writeInt32(data.partition)
          .writeInt32(batch.length),
        batch,
      )
    return { ...exchange, request: { ...exchange.request, encode } }
  }
}

/**
 * kafkajs writes the encoder of a request into another one, and that into a third, each time into new memory that it
 * fills with zeros first and that may be twice as large. So a batch only follows what they hold, until the socket needs
 * all of it.
 */
const { writeEncoder, size } = Encoder.prototype
Encoder.prototype.writeEncoder = function (inner) {
  const { rest } = inner
  if (!rest) return writeEncoder.call(this, inner)
  return withRest(this.writeBuffer(inner.buf.subarray(0, inner.offset)), rest)
}
Encoder.prototype.size = function () {
  return size.call(this) + (this.rest?.length ?? 0)
}
Object.defineProperty(Encoder.prototype, 'buffer', {
  get(this: Encoder) {
    if (this.rest) {
      this.buf = Buffer.concat([this.buf.subarray(0, this.offset), this.rest])
      this.offset = this.buf.length
      this.rest = undefined
    }
    return this.buf.subarray(0, this.offset)
  },
})

function withRest(encoder: Encoder, rest: Buffer): Encoder {
  encoder.rest = rest
  return encoder
}

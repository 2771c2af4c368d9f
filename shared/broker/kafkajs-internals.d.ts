/** The internals of kafkajs 2.2.4 that shared/broker uses and fixes; they have no types of their own. */
declare module 'kafkajs/src/network/connection.js' {
  import type { Socket } from 'node:net'

  class Connection {
    readonly socket: Socket
    /** The bytes that the answer that is arriving takes, or those of its length. */
    readonly bytesNeeded: number
    processData(bytes: Buffer): void
  }
  export = Connection
}

declare module 'kafkajs/src/network/requestQueue/index.js' {
  type Options = { maxInFlightRequests: number | null; requestTimeout: number; clientId: string; broker: string }
  class RequestQueue {
    constructor(options: Options)
    readonly pending: object[]
    readonly throttleCheckTimeoutId: NodeJS.Timeout | null
    checkPendingRequests(): void
    scheduleCheckPendingRequests(): void
    destroy(): void
  }
  export = RequestQueue
}

declare module 'kafkajs/src/network/socketFactory.js' {
  import type { ISocketFactory } from 'kafkajs'

  const createSocketFactory: () => ISocketFactory
  export = createSocketFactory
}

declare module 'kafkajs/src/consumer/batch.js' {
  import type { KafkaMessage } from 'kafkajs'

  /** The answer of one partition to a fetch from an offset on. */
  class Batch {
    constructor(topic: string, fetchedOffset: string, answer: Batch.Answer)
    /** All records from that offset on, without aborted transactions and end markers. */
    readonly messages: KafkaMessage[]
    readonly rawMessages: KafkaMessage[]
  }
  namespace Batch {
    type Answer = {
      partition: number
      highWatermark: string
      abortedTransactions: readonly { producerId: string; firstOffset: string }[]
      messages: KafkaMessage[]
    }
  }
  export = Batch
}

declare module 'kafkajs/src/protocol/encoder.js' {
  class Encoder {
    constructor(initialSize?: number)
    buf: Buffer
    offset: number
    rest?: Buffer | undefined
    readonly buffer: Buffer
    size(): number
    writeEncoder(inner: Encoder): this
    writeInt16(value: number): this
    writeInt32(value: number): this
    writeString(value: string | null): this
    writeBuffer(value: Buffer): this
  }
  export = Encoder
}

declare module 'kafkajs/src/protocol/recordBatch/crc32C/index.js' {
  const crc32C: (bytes: Uint8Array) => number
  export = crc32C
}

declare module 'kafkajs/src/protocol/requests/produce/index.js' {
  import type { Message } from 'kafkajs'
  import type Encoder from 'kafkajs/src/protocol/encoder.js'

  type Data = { partition: number; messages: readonly (Message & { batch?: Buffer })[] }
  type Options = { acks: number; timeout: number; topicData: readonly { topic: string; partitions: readonly Data[] }[] }
  type Exchange = { request: { encode(): Promise<Encoder> }; response: object }
  const produce: { protocol(of: { version: number }): (options: Options) => Exchange }
  export = produce
}

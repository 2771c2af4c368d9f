/** What shared/broker/kafka-client.ts mends in kafkajs 2.2.4, which has no types for its own parts. */
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

  /** What one partition answered to a fetch from an offset on. */
  class Batch {
    constructor(topic: string, fetchedOffset: string, answer: Batch.Answer)
    /** Everything from that offset on, but for transactions that were aborted and what marks their ends. */
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

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

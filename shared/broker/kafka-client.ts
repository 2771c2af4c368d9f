import type { ConnectionOptions } from 'node:tls'
import { type ISocketFactory, Kafka, type logCreator, logLevel, type RetryOptions, type SASLOptions } from 'kafkajs'
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js'
import type { Log } from '../log.ts'
import type { KafkaConnection } from './kafka-config.ts'

export type KafkaClientOptions = {
  log: Pick<Log, 'debug'>
  /** The name that the brokers' own logs and quotas know it by. */
  clientId: string
  /** Suits a producer. */
  requestTimeoutMs?: number
  /** Few and short by default: whoever uses the client has a loop and a deadline of its own. */
  retry?: RetryOptions
  socketFactory?: ISocketFactory
}

const fewRetries: RetryOptions = { initialRetryTime: 100, maxRetryTime: 500, retries: 2 }

/** A client of Kafka; it connects to nothing yet. */
export function createKafka(
  { brokers, sasl, tls }: KafkaConnection,
  { log, clientId, requestTimeoutMs = 3000, retry = fewRetries, socketFactory }: KafkaClientOptions,
): Kafka {
  const ssl: ConnectionOptions | undefined = tls && (tls.ca === undefined ? {} : { ca: tls.ca })
  return new Kafka({
    brokers: [...brokers],
    clientId,
    connectionTimeout: 1000,
    requestTimeout: requestTimeoutMs,
    retry,
    logLevel: logLevel.WARN,
    logCreator: logTo(log),
    ...(ssl && { ssl }),
    ...(sasl && { sasl: { ...sasl, mechanism: sasl.mechanism.toLowerCase() } as SASLOptions }),
    ...(socketFactory && { socketFactory }),
  })
}

/** In an outage kafkajs writes an error for each attempt. What that means is said once, by those who use the client. */
function logTo(log: Pick<Log, 'debug'>): logCreator {
  return () =>
    ({ namespace, log: { message, timestamp: _timestamp, ...fields } }) =>
      log.debug({ kafkajs: namespace, ...fields }, message)
}

/**
 * kafkajs 2.2.4 arms a timer of 1 ms for ever on each connection that has answered once: 700 wake-ups a second of an idle
 * process, and Node's TimeoutNegativeWarning (tulios/kafkajs #1556, #1751). A timer is needed only when requests wait.
 */
const scheduleCheck = RequestQueue.prototype.scheduleCheckPendingRequests
RequestQueue.prototype.scheduleCheckPendingRequests = function (this: RequestQueue) {
  if (this.pending.length > 0) scheduleCheck.call(this)
}

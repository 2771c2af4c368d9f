import type { ConnectionOptions } from 'node:tls'
import { type ISocketFactory, Kafka, type logCreator, logLevel, type RetryOptions, type SASLOptions } from 'kafkajs'
import Connection from 'kafkajs/src/network/connection.js'
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js'
import type { Log } from '../log.ts'
import type { KafkaConnection } from './kafka-config.ts'

export type KafkaClientOptions = {
  log: Pick<Log, 'debug'>
  /** The name of the client in the logs and quotas of the brokers. */
  clientId: string
  /** The default suits a producer. */
  requestTimeoutMs?: number
  /**
   * The default retries few times and briefly, because each user of the client has a loop and a deadline of its own.
   */
  retry?: RetryOptions
  socketFactory?: ISocketFactory
}

const fewRetries: RetryOptions = { initialRetryTime: 100, maxRetryTime: 500, retries: 2 }

/** Creates a client of Kafka without connecting it. */
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

/**
 * Writes to the debug log: in an outage kafkajs logs an error for each attempt, and the user of the client reports it.
 */
function logTo(log: Pick<Log, 'debug'>): logCreator {
  return () =>
    ({ namespace, log: { message, timestamp: _timestamp, ...fields } }) =>
      log.debug({ kafkajs: namespace, ...fields }, message)
}

/**
 * kafkajs 2.2.4 arms a timer of 1 ms forever on each connection that has answered once. An idle process then wakes up
 * 700 times a second, and Node prints TimeoutNegativeWarning (tulios/kafkajs #1556, #1751). Only waiting requests need
 * the timer.
 */
const scheduleCheck = RequestQueue.prototype.scheduleCheckPendingRequests
RequestQueue.prototype.scheduleCheckPendingRequests = function (this: RequestQueue) {
  if (this.pending.length > 0) scheduleCheck.call(this)
}

/** Many times what any request asks for. */
export const maxAnswerBytes = 64 * 1024 * 1024

/**
 * kafkajs keeps whatever arrives until an answer is complete, so a server that announces one of 2 GiB would fill the
 * memory.
 */
const { processData } = Connection.prototype
Connection.prototype.processData = function (this: Connection, bytes) {
  processData.call(this, bytes)
  if (this.bytesNeeded > maxAnswerBytes) this.socket.destroy(new Error('the answer is too large for one of Kafka'))
}

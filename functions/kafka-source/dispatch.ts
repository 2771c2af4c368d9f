import { setTimeout as wait } from 'node:timers/promises'
import { type DeliveryPolicy, deadLetterHeaders, deliver, type Send } from '@activity-log/shared/dispatch/delivery.ts'
import { type Source, type SourceRecord, sinkRequest } from '@activity-log/shared/dispatch/sink-request.ts'
import type { Log } from '@activity-log/shared/log.ts'
import { createLimitedLog } from '@activity-log/shared/rate-limited-log.ts'
import type { DeadLetter, DeadLetters } from './dead-letter-topic.ts'

export type DispatchOptions = {
  source: Source
  send: Send
  sinkUrl: string
  policy: DeliveryPolicy
  /** If this is undefined, a record that cannot be delivered is given up. */
  deadLetters: Pick<DeadLetters, 'publish'> | undefined
  log: Log
}

/** Resolves once the record has an outcome; rejects if the signal is aborted before that. */
export type Dispatch = (record: SourceRecord, signal: AbortSignal) => Promise<void>

const maxDelayMs = 30_000

/** Delivers a record. If that fails, it writes a dead letter, and retries until Kafka has it. */
export function createDispatch({ source, send, sinkUrl, policy, deadLetters, log: whole }: DispatchOptions): Dispatch {
  const log = createLimitedLog(whole)
  return async function dispatch(record, signal) {
    const { partition, offset } = record
    const at = { topic: source.topic, partition, offset }
    const request = sinkRequest(record, source)
    const delivery = await deliver(request, {
      send,
      sinkUrl,
      policy,
      signal,
      onRetry: ({ cause, ...retry }) => log.info({ ...at, ...retry, err: cause }, 'a delivery will be retried'),
    })
    if (delivery.delivered) return
    if (!deadLetters) return log.error({ ...at, ...delivery.extensions }, 'the dispatcher gave up on a record')

    const key = request.headers['ce-partitionkey'] ?? null
    const value = record.value && Buffer.from(request.body)
    await deadLetter({ headers: deadLetterHeaders(request, delivery.extensions), key, value }, deadLetters, at, signal)
    log.warn({ ...at, ...delivery.extensions }, 'a record became a dead letter')
  }

  async function deadLetter(
    letter: DeadLetter,
    { publish }: Pick<DeadLetters, 'publish'>,
    at: object,
    signal: AbortSignal,
  ) {
    for (let attempt = 1; ; attempt++) {
      try {
        return await publish(letter)
      } catch (error) {
        log.warn({ ...at, attempt, err: error }, 'a dead letter could not be written; retrying')
        await wait(Math.min(maxDelayMs, attempt * 1000), undefined, { signal })
      }
    }
  }
}

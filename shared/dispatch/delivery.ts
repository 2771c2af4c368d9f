import { setTimeout as wait } from 'node:timers/promises'
import { startedWithin } from '../within.ts'
import { isExtensionName, type SinkRequest } from './sink-request.ts'

/**
 * The delivery rules of KafkaSource, as observed on the real one: which answers it retries, after which delay, and
 * which records become dead letters. The embedded dispatcher and the stand-in for KafkaSource both follow this module.
 */
export type DeliveryPolicy = {
  /** The number of attempts after the first. */
  retry: number
  backoffPolicy: 'linear' | 'exponential'
  /** 0 disables retries: KafkaSource's timer does not accept it. */
  backoffDelayMs: number
  /** The timeout of one attempt. */
  timeoutMs: number
}

/** The policy in knative/base: delays of 1 s, 2 s … 415 s, which together last a day. */
export const deliveryPolicy: DeliveryPolicy = {
  retry: 415,
  backoffPolicy: 'linear',
  backoffDelayMs: 1000,
  timeoutMs: 60_000,
}

/** While fewer deliveries than this are in flight, this many more are taken, so at most 99 are in flight. */
export const maxPollRecords = 50

/** Header names are in lower case; `body` has at least the first 1,024 bytes. */
export type SinkAnswer = { status: number; headers?: { readonly [name: string]: string }; body: Uint8Array }

/**
 * Sends one request without following redirects; rejects if there is no answer. The signal, which is made when it is
 * asked for, aborts when the attempt has timed out, and the connection is closed then.
 */
export type Send = (request: SinkRequest, signalOf: () => AbortSignal) => Promise<SinkAnswer>

/** The extensions that a dead letter adds to its CloudEvent, including those that the sink named in `kne-` headers. */
export type DeadLetterExtensions = {
  knativeerrordest: string
  knativeerrorcode?: string
  knativeerrordata?: string
  [name: string]: string | undefined
}
export type Delivery = { delivered: true } | { delivered: false; extensions: DeadLetterExtensions }

export function verdict(status: number): 'delivered' | 'retry' | 'dead letter' {
  if (status < 300) return 'delivered'
  return status >= 500 || [404, 408, 409, 429].includes(status) ? 'retry' : 'dead letter'
}

/** The delay before retry number `retry`, counted from 1. An exponential one starts at twice the delay. */
export function retryDelayMs({ backoffPolicy, backoffDelayMs }: DeliveryPolicy, retry: number): number {
  return backoffPolicy === 'linear' ? backoffDelayMs * retry : backoffDelayMs * 2 ** retry
}

export type DeliverOptions = {
  send: Send
  /** The dead letter's `knativeerrordest`. */
  sinkUrl: string
  policy: DeliveryPolicy
  /** Ends the delivery before its next attempt: the promise rejects, and the outcome of the record is unknown. */
  signal: AbortSignal
  onRetry?: (retry: Retry) => void
  /** Called after each attempt. */
  onAttempt?: (outcome: ReturnType<typeof verdict>) => void
  /** Resolves when the next attempt may start; by default, once its time has come. */
  untilRetry?: (retry: Retry) => Promise<unknown>
}
export type Retry = { attempt: number; delayMs: number; status?: number; cause?: unknown }

/** Delivers one record, or reports that it must become a dead letter. */
export async function deliver(
  request: SinkRequest,
  { send, sinkUrl, policy, signal, onRetry, onAttempt, untilRetry }: DeliverOptions,
): Promise<Delivery> {
  for (let attempt = 1; ; attempt++) {
    const { answer, cause } = await attemptOnce(request, send, policy.timeoutMs)
    const outcome = answer ? verdict(answer.status) : 'retry'
    onAttempt?.(outcome)
    if (outcome === 'delivered') return { delivered: true }

    signal.throwIfAborted()
    const delayMs = retryDelayMs(policy, attempt)
    if (outcome === 'dead letter' || attempt > policy.retry || delayMs < 1) {
      return { delivered: false, extensions: deadLetterExtensions(sinkUrl, answer) }
    }
    const retry: Retry = { attempt, delayMs, ...(answer ? { status: answer.status } : { cause }) }
    onRetry?.(retry)
    await (untilRetry?.(retry) ?? wait(delayMs, undefined, { signal }))
  }
}

/** A sink in the same process ignores the signal, so the timeout must not depend on it. */
function attemptOnce(
  request: SinkRequest,
  send: Send,
  timeoutMs: number,
): Promise<{ answer?: SinkAnswer; cause?: unknown }> {
  return startedWithin(timeoutMs, (signal) => send(request, signal), 'no answer').then(
    (answer) => ({ answer }),
    (cause) => ({ cause }),
  )
}

export const maxErrorDataBytes = 1024

function deadLetterExtensions(sinkUrl: string, answer: SinkAnswer | undefined): DeadLetterExtensions {
  if (!answer) return { knativeerrordest: sinkUrl }
  const data = Buffer.from(answer.body.subarray(0, maxErrorDataBytes))
  return {
    ...namedByTheSink(answer),
    knativeerrordest: sinkUrl,
    knativeerrorcode: String(answer.status),
    ...(data.length > 0 && { knativeerrordata: data.toString('base64') }),
  }
}

/** The sink must not overwrite attributes that every event may have. */
const ownAttributes = ['specversion', 'id', 'source', 'type', 'subject', 'time', 'datacontenttype', 'dataschema']

function namedByTheSink({ headers = {} }: SinkAnswer): { [name: string]: string } {
  const named = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    name.startsWith('kne-') ? [[name.slice(4), value]] : [],
  )
  return Object.fromEntries(named.filter(([name]) => isExtensionName(name) && !ownAttributes.includes(name)))
}

/** The Kafka headers of a dead letter, in binary mode: the headers of the event as it was sent, and the error. */
export function deadLetterHeaders(
  { headers }: SinkRequest,
  extensions: DeadLetterExtensions,
): { [name: string]: string } {
  const kept: { [name: string]: string } = {}
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith('ce-')) kept[`ce_${name.slice(3)}`] = value
    if (name === 'content-type') kept[name] = value
  }
  for (const [name, value] of Object.entries(extensions)) if (value !== undefined) kept[`ce_${name}`] = value
  return kept
}

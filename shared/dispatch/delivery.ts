import { setTimeout as wait } from 'node:timers/promises'
import { startedWithin } from '../within.ts'
import { isExtensionName, type SinkRequest } from './sink-request.ts'

/**
 * How KafkaSource delivers, as the real one was seen to do it: which answers are retried, with what delay, and what
 * becomes a dead letter. The embedded dispatcher and the stand-in for KafkaSource both go by this module.
 */
export type DeliveryPolicy = {
  /** Attempts after the first. */
  retry: number
  backoffPolicy: 'linear' | 'exponential'
  /** 0 means no retry at all: KafkaSource's timer refuses it. */
  backoffDelayMs: number
  /** For one attempt. */
  timeoutMs: number
}

/** The one in knative/base: 1 s, 2 s … 415 s, together a day. */
export const deliveryPolicy: DeliveryPolicy = {
  retry: 415,
  backoffPolicy: 'linear',
  backoffDelayMs: 1000,
  timeoutMs: 60_000,
}

/** More is taken while fewer than this are under way, as many at once; so at most 99 are under way. */
export const maxPollRecords = 50

/** Header names in lower case; of the body at least the first 1,024 bytes. */
export type SinkAnswer = { status: number; headers?: { readonly [name: string]: string }; body: Uint8Array }

/**
 * Sends one request; rejects when there is no answer, and does not follow a redirect. The signal aborts when the attempt
 * has timed out: then its connection is closed.
 */
export type Send = (request: SinkRequest, signal: AbortSignal) => Promise<SinkAnswer>

/** What a dead letter carries beyond the event: extensions of the CloudEvent; also what the sink named in `kne-` headers. */
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

/** The wait before retry number `retry`, counted from 1: an exponential one starts at twice the delay. */
export function retryDelayMs({ backoffPolicy, backoffDelayMs }: DeliveryPolicy, retry: number): number {
  return backoffPolicy === 'linear' ? backoffDelayMs * retry : backoffDelayMs * 2 ** retry
}

export type DeliverOptions = {
  send: Send
  /** Goes into the dead letter's `knativeerrordest`. */
  sinkUrl: string
  policy: DeliveryPolicy
  /** Ends the delivery before its next attempt: the returned promise rejects, and the record's outcome is not known. */
  signal: AbortSignal
  onRetry?: (retry: { attempt: number; delayMs: number; status?: number; cause?: unknown }) => void
}

/** Delivers one record, or says that it has to become a dead letter. */
export async function deliver(
  request: SinkRequest,
  { send, sinkUrl, policy, signal, onRetry }: DeliverOptions,
): Promise<Delivery> {
  for (let attempt = 1; ; attempt++) {
    const { answer, cause } = await attemptOnce(request, send, policy.timeoutMs)
    const outcome = answer ? verdict(answer.status) : 'retry'
    if (outcome === 'delivered') return { delivered: true }

    signal.throwIfAborted()
    const delayMs = retryDelayMs(policy, attempt)
    if (outcome === 'dead letter' || attempt > policy.retry || delayMs < 1) {
      return { delivered: false, extensions: deadLetterExtensions(sinkUrl, answer) }
    }
    onRetry?.({ attempt, delayMs, ...(answer ? { status: answer.status } : { cause }) })
    await wait(delayMs, undefined, { signal })
  }
}

/** A sink in the same process does not look at the signal. */
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

/** An attribute that every event may have is not the sink's to overwrite. */
const ownAttributes = ['specversion', 'id', 'source', 'type', 'subject', 'time', 'datacontenttype', 'dataschema']

function namedByTheSink({ headers = {} }: SinkAnswer): { [name: string]: string } {
  const named = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    name.startsWith('kne-') ? [[name.slice(4), value]] : [],
  )
  return Object.fromEntries(named.filter(([name]) => isExtensionName(name) && !ownAttributes.includes(name)))
}

/** The Kafka headers of a dead letter, in binary mode: those of the event as it was sent, and what went wrong. */
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

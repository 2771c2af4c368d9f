import { describe, expect, test } from 'vitest'
import {
  type DeliveryPolicy,
  deadLetterHeaders,
  deliver,
  deliveryPolicy,
  retryDelayMs,
  type Send,
  verdict,
} from './delivery.ts'

const quick: DeliveryPolicy = { retry: 3, backoffPolicy: 'linear', backoffDelayMs: 1, timeoutMs: 20_000 }
const request = { headers: {}, body: new Uint8Array() }
const never = new AbortController().signal
const answer = (status: number, body = '') => ({ status, body: Buffer.from(body) })

/** Gives these answers in turn and repeats the last one. */
function sink(...answers: (number | Error)[]) {
  const attempts: number[] = []
  const send: Send = async () => {
    const next = answers[Math.min(attempts.length, answers.length - 1)]!
    attempts.push(Date.now())
    if (next instanceof Error) throw next
    return answer(next, `said ${next}`)
  }
  return { send, attempts }
}
const options = (send: Send, policy = quick, signal = never) => ({ send, sinkUrl: 'http://persist/', policy, signal })

describe('the verdict on an answer', () => {
  test.each([200, 201, 202, 204, 299])('%i is delivered', (status) => expect(verdict(status)).toBe('delivered'))
  test.each([404, 408, 409, 429, 500, 501, 502, 503, 504, 507, 599])('%i is retried', (status) => {
    expect(verdict(status)).toBe('retry')
  })
  test.each([
    300, 301, 302, 304, 307, 400, 401, 403, 405, 410, 411, 413, 415, 422, 425, 431,
  ])('%i makes a dead letter without a retry', (status) => expect(verdict(status)).toBe('dead letter'))
})

describe('the delay before a retry', () => {
  test('linear: the delay times the number of the retry', () => {
    const waits = [1, 2, 3].map((n) => retryDelayMs({ ...quick, backoffDelayMs: 300 }, n))
    expect(waits).toEqual([300, 600, 900])
  })
  test('exponential: it starts at twice the delay', () => {
    const policy: DeliveryPolicy = { ...quick, backoffPolicy: 'exponential', backoffDelayMs: 300 }
    expect([1, 2, 3].map((n) => retryDelayMs(policy, n))).toEqual([600, 1200, 2400])
  })
  test('the default policy retries for about a day', () => {
    const waits = Array.from({ length: deliveryPolicy.retry }, (_, n) => retryDelayMs(deliveryPolicy, n + 1))
    expect(waits.reduce((sum, ms) => sum + ms) / 3_600_000).toBeCloseTo(24, 0)
  })
})

describe('delivery', () => {
  test('ends with the first success', async () => {
    const { send, attempts } = sink(503, new Error('connection reset'), 204)
    expect(await deliver(request, options(send))).toEqual({ delivered: true })
    expect(attempts).toHaveLength(3)
  })

  test('gives up after the last retry, with the content of the last answer', async () => {
    const { send, attempts } = sink(500, 503)
    expect(await deliver(request, options(send))).toEqual({
      delivered: false,
      extensions: {
        knativeerrordest: 'http://persist/',
        knativeerrorcode: '503',
        knativeerrordata: Buffer.from('said 503').toString('base64'),
      },
    })
    expect(attempts).toHaveLength(1 + quick.retry)
  })

  test('does not retry an error that a repetition cannot fix', async () => {
    const { send, attempts } = sink(400)
    expect(await deliver(request, options(send))).toMatchObject({
      delivered: false,
      extensions: { knativeerrorcode: '400' },
    })
    expect(attempts).toHaveLength(1)
  })

  test('that got no answer reports only the sink', async () => {
    const { send } = sink(500, new Error('connection refused'))
    expect(await deliver(request, options(send))).toEqual({
      delivered: false,
      extensions: { knativeerrordest: 'http://persist/' },
    })
  })

  test('ends an attempt that takes too long, and retries', async () => {
    let attempts = 0
    const aborted: boolean[] = []
    const send: Send = (_request, signal) => {
      if (++attempts === 2) return Promise.resolve(answer(204))
      return new Promise(() => signal().addEventListener('abort', () => aborted.push(true)))
    }
    expect(await deliver(request, options(send, { ...quick, timeoutMs: 20 }))).toEqual({ delivered: true })
    expect(aborted).toEqual([true])
  })

  test('does not retry if the delay is 0', async () => {
    const { send, attempts } = sink(503)
    await deliver(request, options(send, { ...quick, backoffDelayMs: 0 }))
    expect(attempts).toHaveLength(1)
  })

  test('keeps at most 1,024 bytes of the answer', async () => {
    const send: Send = async () => answer(400, 'x'.repeat(3000))
    const delivery = await deliver(request, options(send))
    if (delivery.delivered) throw new Error('it was rejected')
    expect(Buffer.from(delivery.extensions.knativeerrordata!, 'base64').toString()).toBe('x'.repeat(1024))
  })

  test('stops while it waits for a retry when its signal aborts, without an outcome', async () => {
    const stop = new AbortController()
    const send: Send = async () => {
      setImmediate(() => stop.abort())
      return answer(503)
    }
    const hour = { ...quick, backoffDelayMs: 3_600_000 }
    await expect(deliver(request, options(send, hour, stop.signal))).rejects.toThrow()
  })
})

describe('a dead letter', () => {
  const refusal =
    (headers: { [name: string]: string }): Send =>
    async () => ({ ...answer(400), headers })

  test('has the extensions that the sink named in kne- headers', async () => {
    const send = refusal({ 'kne-reason': 'schema', 'x-other': 'dropped' })
    expect(await deliver(request, options(send))).toEqual({
      delivered: false,
      extensions: { knativeerrordest: 'http://persist/', knativeerrorcode: '400', reason: 'schema' },
    })
  })

  test('has no extension that is invalid in a CloudEvent or would change the event or the error', async () => {
    const send = refusal({ 'kne-error-detail': 'x', 'kne-id': 'x', 'kne-knativeerrorcode': 'x' })
    expect(await deliver(request, options(send))).toEqual({
      delivered: false,
      extensions: { knativeerrordest: 'http://persist/', knativeerrorcode: '400' },
    })
  })

  test('is a record in binary mode with the event as it was sent and the error', () => {
    const headers = { prefer: 'reply', 'kn-namespace': 'local', 'ce-id': 'a', 'content-type': 'text/plain' }
    expect(deadLetterHeaders({ ...request, headers }, { knativeerrordest: 'http://persist/' })).toEqual({
      ce_id: 'a',
      'content-type': 'text/plain',
      ce_knativeerrordest: 'http://persist/',
    })
  })
})

import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type EmbeddedBroker, openEmbeddedBroker } from '../broker/embedded-broker.ts'
import { aRecord, silent, until } from '../testing/builders.ts'
import { aFolder } from '../testing/processes.ts'
import { type DeliveryPolicy, maxPollRecords, type Send } from './delivery.ts'
import { type DispatcherOptions, maxAtOnce, maxStarted, startDispatcher } from './embedded-dispatcher.ts'
import { openRetries } from './retries.ts'

const policy: DeliveryPolicy = { retry: 3, backoffPolicy: 'linear', backoffDelayMs: 1, timeoutMs: 20_000 }
const none = new Uint8Array()
const aFile = () => join(aFolder(), 'queue.db')
const records = (count: number) => Array.from({ length: count }, (_, n) => aRecord({ id: `id-${n}` }))
const sinkUrl = 'http://persist/'
const start = (options: { queue: EmbeddedBroker; send: Send } & Partial<DispatcherOptions>) =>
  startDispatcher({ policy, sinkUrl, log: silent, settleEveryMs: 1, deadLetter: options.queue.deadLetter, ...options })
/** Longer than the dispatcher takes to find that there is nothing more. */
const threeTurns = async () => {
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
}
const deadLettersOf = ({ deadLetters }: EmbeddedBroker) => deadLetters.read(0, 100)

/** A sink that holds its requests until the test answers them. */
function heldSink() {
  const held = new Map<string, (status: number) => void>()
  let max = 0
  const send: Send = ({ headers }) =>
    new Promise((resolve) => {
      held.set(headers['ce-id']!, (status) => {
        held.delete(headers['ce-id']!)
        resolve({ status, body: none })
      })
      max = Math.max(max, held.size)
    })
  return { held, send, max: () => max }
}

describe('embedded dispatcher', () => {
  test('delivers present and later records, and removes delivered ones', async () => {
    await using queue = openEmbeddedBroker({ path: aFile() })
    await queue.publish(records(120))
    const seen = new Set<string>()
    const send: Send = async ({ headers }) => {
      seen.add(headers['ce-id']!)
      return { status: 204, body: none }
    }
    await using _dispatcher = start({ queue, send })
    await until(() => seen.size === 120)
    await queue.publish([aRecord({ id: 'later' })])
    await until(() => seen.has('later'))
    await until(() => queue.read(0, 1).length === 0)
  })

  test('takes what is published as it comes, and reads the queue only for what was there before', async () => {
    await using queue = openEmbeddedBroker({ path: aFile() })
    let reads = 0
    let isAtEnd = false
    const read: EmbeddedBroker['read'] = (...from) => {
      reads++
      const found = queue.read(...from)
      isAtEnd = found.length === 0
      return found
    }
    const seen: string[] = []
    const send: Send = async ({ headers, body }) => {
      seen.push(`${headers['ce-id']} ${headers['ce-knativekafkaoffset']} ${Buffer.from(body)}`)
      return { status: 204, body: none }
    }
    const published = Array.from({ length: 400 }, (_, n) => aRecord({ id: `id-${n}`, action: `a-${n}` }))
    await queue.publish(published.slice(0, 100))
    await using _dispatcher = start({ queue: { ...queue, read }, send })
    await until(() => seen.length === 100 && isAtEnd)
    const before = reads
    for (let at = 100; at < 400; at += 50) await queue.publish(published.slice(at, at + 50))
    await until(() => queue.read(0, 1).length === 0)
    expect(reads).toBe(before)
    expect(seen).toEqual(published.map(({ value }, n) => `id-${n} ${n} ${value}`))
  })

  test.each([
    { what: 'more than may wait in memory', before: 0, bytes: 60_000, count: 200, isRead: true },
    { what: 'more than may be in flight', before: 0, bytes: 1, count: 1_000, isRead: false },
    { what: 'more small ones than may wait in memory', before: 0, bytes: 1, count: 4_000, isRead: true },
    { what: 'much to read when others are published', before: 1_000, bytes: 1, count: 1_000, isRead: true },
  ])('delivers each record once when there is $what', async ({ before, bytes, count, isRead }) => {
    await using queue = openEmbeddedBroker({ path: aFile() })
    const offsets: number[] = []
    const held: (() => void)[] = []
    let isHeld = true
    const send: Send = async ({ headers }) => {
      offsets.push(Number(headers['ce-knativekafkaoffset']))
      if (isHeld) await new Promise<void>((resolve) => held.push(resolve))
      else await threeTurns()
      return { status: 204, body: none }
    }
    let reads = 0
    const read: EmbeddedBroker['read'] = (...from) => {
      reads++
      return queue.read(...from)
    }
    await queue.publish(records(before))
    await using _dispatcher = start({ queue: { ...queue, read }, send })
    const metadata = { text: 'x'.repeat(bytes) }
    for (let n = 0; n < count; n += 20) {
      await queue.publish(Array.from({ length: 20 }, (_, at) => aRecord({ id: `more-${n + at}`, metadata })))
      if (n % 100 === 0) await new Promise(setImmediate)
    }
    isHeld = false
    for (const resolve of held) resolve()
    await until(() => queue.read(0, 1).length === 0)
    await queue.publish([aRecord({ id: 'last' })])
    await until(() => queue.read(0, 1).length === 0)
    expect(offsets.toSorted((a, b) => a - b)).toEqual([...Array(before + count + 1).keys()])
    expect(reads > 2).toBe(isRead)
  })

  test('delivers each record once when some are published while the queue cannot be read', async () => {
    await using queue = openEmbeddedBroker({ path: aFile() })
    const offsets: number[] = []
    const send: Send = async ({ headers }) => {
      offsets.push(Number(headers['ce-knativekafkaoffset']))
      await threeTurns()
      return { status: 204, body: none }
    }
    let reads = 0
    const read: EmbeddedBroker['read'] = (...from) => {
      if (++reads === 1) throw new Error('the disk fails')
      return queue.read(...from)
    }
    await queue.publish(records(3))
    await using _dispatcher = start({ queue: { ...queue, read }, send })
    await queue.publish([aRecord({ id: 'meanwhile' })])
    await until(() => queue.read(0, 1).length === 0)
    await queue.publish([aRecord({ id: 'later' })])
    await until(() => queue.read(0, 1).length === 0)
    expect(offsets).toEqual([0, 1, 2, 3, 4])
  })

  test('removes few delivered records in one turn of the event loop, and all of them at last', async () => {
    await using queue = openEmbeddedBroker({ path: aFile() })
    await queue.publish(records(1_000))
    let [removed, most, inTurn] = [0, 0, 0]
    let next = setImmediate(function tick() {
      most = Math.max(most, inTurn)
      inTurn = 0
      next = setImmediate(tick)
    })
    const settle = (offsets: readonly number[]) => {
      removed += offsets.length
      inTurn += offsets.length
      queue.settle(offsets)
    }
    const send: Send = async () => ({ status: 204, body: none })
    await using _dispatcher = start({ queue: { ...queue, settle }, send, settleEveryMs: 500 })
    await until(() => queue.read(0, 1).length === 0)
    clearImmediate(next)
    expect(removed).toBe(1_000)
    expect(Math.max(most, inTurn)).toBeLessThanOrEqual(256)
  })

  test.each([
    { what: 'large', count: 40, bytes: 30_000, most: 6 },
    { what: 'small', count: 1_000, bytes: 1, most: 64 },
  ])('starts few $what records in one turn of the event loop', async ({ count, bytes, most }) => {
    await using queue = openEmbeddedBroker({ path: aFile() })
    const metadata = { x: 'x'.repeat(bytes) }
    await queue.publish(Array.from({ length: count }, (_, n) => aRecord({ id: `id-${n}`, metadata })))
    let turn = 0
    let next = setImmediate(function tick() {
      turn++
      next = setImmediate(tick)
    })
    const startsByTurn = new Map<number, number>()
    const send: Send = async () => {
      startsByTurn.set(turn, (startsByTurn.get(turn) ?? 0) + 1)
      return { status: 204, body: none }
    }
    await using _dispatcher = start({ queue, send })
    await until(() => queue.read(0, 1).length === 0)
    clearImmediate(next)
    expect(Math.max(...startsByTurn.values())).toBeLessThanOrEqual(most)
  })

  test('has at most 99 deliveries in flight at first, and more while they succeed', async () => {
    await using queue = openEmbeddedBroker({ path: aFile() })
    const count = 2_000
    await queue.publish(records(count))
    const { held, send, max } = heldSink()
    await using _dispatcher = start({ queue, send })
    let delivered = 0
    const answerSome = async (count: number) => {
      await until(() => held.size > 0)
      for (const answer of [...held.values()].slice(0, count)) {
        answer(204)
        delivered++
      }
    }
    await answerSome(1)
    await until(() => held.size >= maxPollRecords)
    expect(max()).toBeLessThanOrEqual(2 * maxPollRecords)
    while (delivered < count) await answerSome(7)
    // half as many as usual while others publish
    expect(max()).toBeGreaterThanOrEqual(maxAtOnce / 2)
    expect(max()).toBeLessThan(maxAtOnce + maxStarted)
  })

  test('has fewer deliveries in flight after a failure', async () => {
    await using queue = openEmbeddedBroker({ path: aFile() })
    await queue.publish(records(5_000))
    const { held, send: hold } = heldSink()
    let isOver = false
    const send: Send = (...sent) => (isOver ? Promise.resolve({ status: 204, body: none }) : hold(...sent))
    await using _dispatcher = start({ queue, send, policy: { ...policy, backoffDelayMs: 3_600_000 } })
    while (held.size < maxAtOnce) {
      await until(() => held.size >= maxPollRecords)
      for (const answer of [...held.values()].slice(0, maxPollRecords)) answer(204)
      await new Promise((resolve) => setImmediate(resolve))
    }
    for (const answer of [...held.values()].slice(0, 20)) answer(503)
    const before = held.size
    for (const answer of [...held.values()].slice(0, before - maxPollRecords + 1)) answer(503)
    await new Promise((resolve) => setImmediate(resolve))
    expect(held.size).toBeLessThan(2 * maxPollRecords)
    isOver = true
    for (const answer of held.values()) answer(204)
  })

  test('takes few records at once if they are large', async () => {
    await using queue = openEmbeddedBroker({ path: aFile() })
    await queue.publish(records(50).map((record) => ({ ...record, value: JSON.stringify('x'.repeat(500_000)) })))
    const { held, send } = heldSink()
    await using _dispatcher = start({ queue, send })
    let delivered = 0
    await until(() => held.size > 0)
    expect(held.size).toBeLessThan(20)
    while (delivered < 50) {
      await until(() => held.size > 0)
      expect(held.size).toBeLessThan(20)
      for (const answer of [...held.values()].slice(0, 3)) {
        answer(204)
        delivered++
      }
    }
  })

  test('retries until the sink has recovered', async () => {
    await using queue = openEmbeddedBroker({ path: aFile() })
    await queue.publish(records(1))
    let attempts = 0
    const send: Send = async () => ({ status: ++attempts < 3 ? 503 : 204, body: none })
    await using _dispatcher = start({ queue, send })
    await until(() => queue.read(0, 1).length === 0)
    expect(attempts).toBe(3)
    expect(deadLettersOf(queue)).toEqual([])
  })

  test('a record that waits for its retry does not delay others', async () => {
    await using queue = openEmbeddedBroker({ path: aFile() })
    await queue.publish(records(200))
    const hour = { ...policy, backoffDelayMs: 3_600_000 }
    const send: Send = async ({ headers }) => ({ status: headers['ce-id'] === 'id-0' ? 503 : 204, body: none })
    await using _dispatcher = start({ queue, send, policy: hour })
    await until(() => queue.read(0, 10).length === 1)
    expect(queue.read(0, 10)[0]?.headers['ce_id']).toBe('id-0')
  })

  test('dead-letters a record that is rejected or fails too often, with its original position', async () => {
    await using queue = openEmbeddedBroker({ path: aFile() })
    const [first] = await queue.publish(records(2))
    const send: Send = async ({ headers }) => ({
      status: headers['ce-id'] === 'id-0' ? 400 : 503,
      body: Buffer.from('no'),
    })
    await using _dispatcher = start({ queue, send })
    await until(() => deadLettersOf(queue).length === 2)
    const rejected = deadLettersOf(queue).find(({ headers }) => headers['ce_id'] === 'id-0')
    expect(rejected?.headers).toMatchObject({
      ce_knativeerrorcode: '400',
      ce_knativeerrordata: Buffer.from('no').toString('base64'),
      ce_knativekafkaoffset: String(first!.offset),
    })
    expect(Buffer.from(rejected!.value).toString()).toBe(aRecord({ id: 'id-0' }).value)
    expect(queue.read(0, 10)).toEqual([])
  })

  test('delivers records that were in flight or waiting again after a restart', async () => {
    const path = aFile()
    {
      await using queue = openEmbeddedBroker({ path })
      await queue.publish(records(3))
      const send: Send = async ({ headers }) => ({ status: headers['ce-id'] === 'id-1' ? 204 : 503, body: none })
      await using _dispatcher = start({ queue, send, policy: { ...policy, backoffDelayMs: 3_600_000 } })
      await until(() => queue.read(0, 10).length === 2)
    }
    await using queue = openEmbeddedBroker({ path })
    const seen: string[] = []
    const send: Send = async ({ headers }) => {
      seen.push(headers['ce-id']!)
      return { status: 204, body: none }
    }
    await using _dispatcher = start({ queue, send })
    await until(() => queue.read(0, 10).length === 0)
    expect(seen.toSorted()).toEqual(['id-0', 'id-2'])
  })

  test('waits for deliveries in flight before it stops', async () => {
    await using queue = openEmbeddedBroker({ path: aFile() })
    await queue.publish(records(1))
    const { held, send } = heldSink()
    const dispatcher = start({ queue, send })
    await until(() => held.size === 1)
    const stopped = dispatcher[Symbol.asyncDispose]()
    held.get('id-0')!(204)
    await stopped
    expect(queue.read(0, 1)).toEqual([])
  })

  test('removes the last delivered record as soon as the disk works again, without waiting for more', async () => {
    await using queue = openEmbeddedBroker({ path: aFile() })
    await queue.publish(records(1))
    let refusals = 1
    const settle = (offsets: readonly number[]) => {
      if (refusals-- > 0) throw new Error('disk full')
      queue.settle(offsets)
    }
    const send: Send = async () => ({ status: 204, body: none })
    await using _dispatcher = start({ queue: { ...queue, settle }, send })
    await until(() => queue.read(0, 1).length === 0)
  })

  test('continues after the disk fails to remove a delivered record or to store a dead letter', async () => {
    await using queue = openEmbeddedBroker({ path: aFile() })
    await queue.publish(records(2))
    let refusals = 2
    const onceRefused =
      <Args extends unknown[]>(work: (...args: Args) => void) =>
      (...args: Args) => {
        if (refusals-- > 0) throw new Error('disk full')
        work(...args)
      }
    const send: Send = async ({ headers }) => ({ status: headers['ce-id'] === 'id-0' ? 400 : 204, body: none })
    const troubled = { ...queue, settle: onceRefused(queue.settle), deadLetter: onceRefused(queue.deadLetter) }
    await using _dispatcher = start({ queue: troubled, send })
    await until(() => deadLettersOf(queue).length === 1)
    await queue.publish([aRecord({ id: 'later' })])
    await until(() => queue.read(0, 10).length === 0)
  })

  describe('records that cannot be delivered yet', () => {
    const hour = { ...policy, retry: 100, backoffDelayMs: 3_600_000 }
    const status = (code: number) => async () => ({ status: code, body: none })
    const mixed = (count: number, every: number) =>
      Array.from({ length: count }, (_, n) => aRecord({ id: n % every === 0 ? `good-${n}` : `bad-${n}` }))
    const onlyGood: Send = ({ headers }) => status(headers['ce-id']?.startsWith('good') ? 204 : 503)()

    test('hold no slot, so others are delivered, however many wait', async () => {
      await using queue = openEmbeddedBroker({ path: aFile() })
      await queue.publish(mixed(600, 3))
      await using dispatcher = start({ queue, send: onlyGood, policy: hour })
      await until(() => dispatcher.waiting().count === 400)
      await until(() => queue.read(0, 1_000).length === 400)
    })

    test('are listed with the time and the reason', async () => {
      await using queue = openEmbeddedBroker({ path: aFile() })
      const [position] = await queue.publish(records(1))
      await using dispatcher = start({ queue, send: status(503), policy: hour })
      await until(() => dispatcher.waiting().count === 1)
      const { first } = dispatcher.waiting()
      expect(first).toMatchObject([{ position, attempts: 1, reason: 'the answer was 503' }])
      expect(first[0]?.nextAttempt.getTime()).toBe(first[0]!.since.getTime() + 3_600_000)
    })

    test('are at most a thousand: beyond that, nothing new is taken', async () => {
      await using queue = openEmbeddedBroker({ path: aFile() })
      await queue.publish(mixed(3_000, 20))
      await using dispatcher = start({ queue, send: onlyGood, policy: hour })
      await until(() => dispatcher.waiting().count >= 1_000)
      const { count } = dispatcher.waiting()
      await new Promise((resolve) => setImmediate(resolve))
      expect(dispatcher.waiting().count).toBeLessThan(1_000 + 2 * maxPollRecords)
      expect(count).toBeLessThan(1_000 + 2 * maxPollRecords)
    })

    test('stop new records once the last 50 deliveries have failed, until one succeeds', async () => {
      await using queue = openEmbeddedBroker({ path: aFile() })
      await queue.publish(records(500))
      const seen = new Set<string>()
      let isDown = true
      let attempts = 0
      const send: Send = async ({ headers }) => {
        seen.add(headers['ce-id']!)
        attempts++
        return { status: isDown ? 503 : 204, body: none }
      }
      await using _dispatcher = start({ queue, send, policy: { ...policy, retry: 1_000 } })
      await until(() => attempts > 1_000)
      const taken = seen.size
      expect(taken).toBeLessThan(3 * maxPollRecords)
      await until(() => attempts > 2_000)
      expect(seen.size).toBe(taken)
      isDown = false
      await until(() => queue.read(0, 1).length === 0)
      expect(seen.size).toBe(500)
    })

    test('are attempted in the order of their failures', async () => {
      const order: number[] = []
      const retries = openRetries(new AbortController().signal)
      const failures = [...Array<number>(25).fill(0), 2, 1, 3]
      const waits = failures.map(async (attempts, offset) => {
        await retries.wait({ partition: 0, offset }, attempts, attempts === 0 ? 1 : 2, 'x')
        order.push(attempts)
      })
      await until(() => order.length === 25)
      await new Promise((resolve) => setTimeout(resolve, 20))
      for (let n = 0; n < 3; n++) {
        retries.attempted()
        await until(() => order.length === 26 + n)
      }
      await Promise.all(waits)
      expect(order.slice(-3)).toEqual([1, 2, 3])
    })
  })
})

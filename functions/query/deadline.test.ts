import { toReceipt } from '@activity-log/shared/receipt.ts'
import { deadLetterId } from '@activity-log/shared/store/dead-letter-id.ts'
import type { ActivityStore } from '@activity-log/shared/store/store.ts'
import { aDeadLetter, receivedAt, recorded, silent } from '@activity-log/shared/testing/builders.ts'
import { openTestStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { createApp } from './app.ts'

const receipt = toReceipt({ position: { partition: 0, offset: 0 }, recordedAt: receivedAt })
/** The dead letter of this record was replayed, so finding its outcome takes two reads. */
const replayed = toReceipt({ position: { partition: 0, offset: 1 }, recordedAt: receivedAt })
const paths = [
  '/logs',
  '/logs?count=exact',
  '/logs?page=2&limit=1',
  `/logs?receipt=${receipt}`,
  `/logs?receipt=${replayed}`,
  '/logs/a',
  '/logs/a/context',
  '/stats?by=action',
  '/export?format=csv',
  `/receipts/${replayed}`,
  '/dead-letters',
  '/dead-letters/none',
  '/ledger',
]

/** Requests a path while every verb of the store waits first. The clock is faked. */
async function ask(path: string, wait: (method: keyof ActivityStore) => Promise<unknown>) {
  const store = openTestStore()
  await store.save([recorded({ id: 'a' }, 0)])
  const letter = aDeadLetter({ reason: 'undelivered', activityId: 'b', recordedAt: receivedAt })
  const deadLetter = deadLetterId(letter)
  await store.deadLetter([letter])
  const position = { partition: 0, offset: 1 }
  await store.account([{ position, outcome: 'rejected', tenant: 'default', activityId: 'b', deadLetter }])
  await store.resolve('default', deadLetter, { state: 'replayed', outcome: 'stored', at: receivedAt })
  const waiting = new Proxy(store, {
    get: (_, method: keyof typeof store) => {
      return async (...args: unknown[]) => wait(method).then(() => Reflect.apply(store[method], store, args))
    },
  })
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  let response: Response | undefined
  const app = createApp({ store: waiting, log: silent, now: () => receivedAt })
  void Promise.resolve(app.request(path)).then((answer) => {
    response = answer
  })
  return {
    status: () => response?.status,
    retryAfter: () => response?.headers.get('retry-after'),
  }
}

const hangs = () => new Promise<never>(() => {})
const takes = (ms: number) => () => new Promise((resolve) => setTimeout(resolve, ms))

describe('nobody waits longer than 5 s', () => {
  test.each(paths)('when the store hangs: %s', async (path) => {
    const { status, retryAfter } = await ask(path, hangs)
    await vi.advanceTimersByTimeAsync(4_999)
    expect(status()).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1)
    expect([status(), retryAfter()]).toEqual([503, '1'])
  })

  test.each(paths)('when every verb of the store takes 4.9 s: %s', async (path) => {
    const { status } = await ask(path, takes(4_900))
    await vi.advanceTimersByTimeAsync(5_000)
    expect(status()).toBeOneOf([200, 404, 503])
  })

  test('for a list, from the end of the wait that the client chose', async () => {
    const { status } = await ask(`/logs?receipt=${receipt}&wait=30`, (method) =>
      method === 'outcome' ? takes(20_000)() : hangs(),
    )
    await vi.advanceTimersByTimeAsync(20_000 + 4_999)
    expect(status()).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1)
    expect(status()).toBe(503)
  })

  test('in addition to the wait that the client chose', async () => {
    const { status } = await ask(`/logs?receipt=${receipt}&wait=1`, takes(3_500))
    await vi.advanceTimersByTimeAsync(6_000)
    expect(status()).toBe(503)
  })
})

import { expect, onTestFinished, test, vi } from 'vitest'
import { startedWithin, TooLate, undefinedIfLate, within } from './within.ts'

const never = () => Promise.withResolvers<never>()
const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length

function heldTime() {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
}

test('passes on a promise that settles in time, and leaves no timer that keeps a process alive', async () => {
  const before = timers()
  expect(await within(60_000, Promise.resolve('here'), 'Nothing came')).toBe('here')
  await expect(within(60_000, Promise.reject(new Error('broken')), 'Nothing came')).rejects.toThrow('broken')
  expect(timers()).toBe(before)
})

test('rejects with TooLate at the deadline and not before', async () => {
  heldTime()
  let outcome: unknown
  within(50.4, never().promise, 'Nothing came').catch((error) => {
    outcome = error
  })
  await vi.advanceTimersByTimeAsync(49)
  expect(outcome).toBeUndefined()
  await vi.advanceTimersByTimeAsync(2)
  expect(outcome).toEqual(new TooLate('Nothing came within 50 ms'))
})

test('a failure after the deadline does not cause an unhandled rejection', async () => {
  heldTime()
  const unhandled: unknown[] = []
  const hear = (error: unknown) => unhandled.push(error)
  process.on('unhandledRejection', hear)
  onTestFinished(() => void process.off('unhandledRejection', hear))
  const { promise, reject } = never()
  const waited = within(50, promise, 'Nothing came').catch(undefinedIfLate)
  await vi.advanceTimersByTimeAsync(50)
  expect(await waited).toBeUndefined()
  reject(new Error('broken'))
  vi.useRealTimers()
  await new Promise(setImmediate)
  expect(unhandled).toEqual([])
})

test('aborts the work at the deadline, with the reason, and not before', async () => {
  heldTime()
  const signals: AbortSignal[] = []
  const start = (work: Promise<unknown>) => (signal: () => AbortSignal) => {
    signals.push(signal())
    return work
  }
  await startedWithin(50, start(Promise.resolve()), 'Nothing came')
  await startedWithin(50, start(Promise.reject(new Error('broken'))), 'Nothing came').catch(() => {})
  const late = startedWithin(50, start(never().promise), 'Nothing came').catch((error) => error)
  await vi.advanceTimersByTimeAsync(50)
  expect(signals.map(({ aborted }) => aborted)).toEqual([false, false, true])
  expect(signals[2]?.reason).toBe(await late)
  let askForSignal: (() => AbortSignal) | undefined
  const unasked = startedWithin(
    50,
    (signal) => {
      askForSignal = signal
      return never().promise
    },
    'Nothing came',
  ).catch((error) => error)
  await vi.advanceTimersByTimeAsync(50)
  expect(askForSignal?.()).toMatchObject({ aborted: true, reason: await unasked })
})

test('of many who have waited together, only some give up in each turn of the event loop', async () => {
  heldTime()
  let late = 0
  const inTime = Promise.withResolvers<string>()
  const waited = Array.from({ length: 99 }, () => within(50, never().promise, 'Nothing came').catch(() => late++))
  const last = within(50, inTime.promise, 'Nothing came')
  vi.advanceTimersByTime(50)
  for (let n = 0; n < 10; n++) await undefined
  expect(late).toBeGreaterThan(0)
  expect(late).toBeLessThan(50)
  // it is not too late for one who has not given up
  inTime.resolve('here')
  expect(await last).toBe('here')
  await Promise.all(waited)
  expect(late).toBe(99)
})

test('undefinedIfLate catches TooLate and no other error', () => {
  expect(undefinedIfLate(new TooLate('Nothing came'))).toBeUndefined()
  expect(() => undefinedIfLate(new Error('broken'))).toThrow('broken')
})

import type { LedgerSummary } from '@activity-log/shared/ledger-summary.ts'
import { silent } from '@activity-log/shared/testing/builders.ts'
import { expect, test, vi } from 'vitest'
import { createKnownLedger } from './known-ledger.ts'

/** A ledger whose readings end when the test says so; reading n is complete through time n. */
function known() {
  const readings: PromiseWithResolvers<LedgerSummary>[] = []
  const ledger = () => {
    readings.push(Promise.withResolvers())
    return readings.at(-1)!.promise
  }
  const answer = async (number: number) => {
    readings[number]!.resolve({ partitions: [], completeThrough: new Date(number) })
    await new Promise(setImmediate)
  }
  const clock = { now: 0 }
  return { readings, answer, clock, ...createKnownLedger({ ledger, clock: () => clock.now, log: silent }) }
}

test('a fresh ledger is read after the call, once for all calls that wait, one reading at a time', async () => {
  const { recent, fresh, readings, answer } = known()
  const first = recent()
  const asked = [fresh(), fresh()]
  await new Promise(setImmediate)
  expect(readings).toHaveLength(1)
  await answer(0)
  expect(readings).toHaveLength(2)
  asked.push(fresh())
  await answer(1)
  await answer(2)
  expect(readings).toHaveLength(3)
  const through = (await Promise.all([first, ...asked])).map((each) => each?.completeThrough?.getTime())
  expect(through).toEqual([0, 1, 1, 2])
})

test('a recent ledger is the one of the last reading', async () => {
  const { recent, fresh, readings, answer } = known()
  const asked = fresh()
  await new Promise(setImmediate)
  await answer(0)
  await asked
  expect((await recent())?.completeThrough).toEqual(new Date(0))
  expect(readings).toHaveLength(1)
})

test('a fresh ledger that cannot be read is undefined, never an older one', async () => {
  const { recent, fresh, readings, answer } = known()
  const first = recent()
  await answer(0)
  expect(await first).toBeDefined()
  const asked = fresh()
  await new Promise(setImmediate)
  readings[1]!.reject(new Error('trouble'))
  expect(await asked).toBeUndefined()
})

test('a slow ledger stays known, and is read again after a minute', async () => {
  const { recent, readings, answer, clock } = known()
  const first = recent()
  clock.now = 9_000
  await answer(0)
  await first
  clock.now = 59_999
  expect(await recent()).toMatchObject({ completeThrough: new Date(0) })
  expect(readings).toHaveLength(1)
  clock.now = 60_000
  const second = recent()
  expect(readings).toHaveLength(2)
  await answer(1)
  expect(await second).toMatchObject({ completeThrough: new Date(1) })
})

test('a clock that is set forward during a reading does not make it a slow one', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  try {
    const ledger = async () => {
      vi.setSystemTime(Date.now() + 3_600_000)
      return { partitions: [], completeThrough: new Date(0) }
    }
    const { fresh } = createKnownLedger({ ledger, log: silent })
    for (let n = 0; n < 3; n++) expect(await fresh()).toBeDefined()
  } finally {
    vi.useRealTimers()
  }
})

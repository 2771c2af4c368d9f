import type { LedgerSummary } from '@activity-log/shared/ledger-summary.ts'
import { silent } from '@activity-log/shared/testing/builders.ts'
import { expect, test } from 'vitest'
import { createKnownLedger } from './known-ledger.ts'

/** A ledger that is read when the test says so; the number of the reading is the time through which it is complete. */
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
  return { readings, answer, clock, ...createKnownLedger({ ledger, now: () => new Date(clock.now), log: silent }) }
}

test('fresh ones are read after they were asked for, once for all who ask meanwhile, one reading at a time', async () => {
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

test('recent ones are those of the last reading', async () => {
  const { recent, fresh, readings, answer } = known()
  const asked = fresh()
  await new Promise(setImmediate)
  await answer(0)
  await asked
  expect((await recent())?.completeThrough).toEqual(new Date(0))
  expect(readings).toHaveLength(1)
})

test('fresh ones that cannot be read are not older ones', async () => {
  const { recent, fresh, readings, answer } = known()
  const first = recent()
  await answer(0)
  expect(await first).toBeDefined()
  const asked = fresh()
  await new Promise(setImmediate)
  readings[1]!.reject(new Error('trouble'))
  expect(await asked).toBeUndefined()
})

test('what took long is still known, but is no snapshot for lists once it is long ago, and is read again within a minute', async () => {
  const { recent, readings, answer, clock } = known()
  const first = recent()
  clock.now = 9_000
  await answer(0)
  await first
  expect(await recent()).toMatchObject({ completeThrough: new Date(0), snapshot: [] })
  clock.now = 10_000
  expect(await recent()).toMatchObject({ completeThrough: new Date(0), snapshot: undefined })
  clock.now = 59_999
  expect(await recent()).toMatchObject({ completeThrough: new Date(0), snapshot: undefined })
  expect(readings).toHaveLength(1)
  clock.now = 60_000
  const second = recent()
  expect(readings).toHaveLength(2)
  await answer(1)
  expect(await second).toMatchObject({ completeThrough: new Date(1), snapshot: [] })
})

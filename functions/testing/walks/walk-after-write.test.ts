import { openTestStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { expect, test } from 'vitest'
import { walkAfterWrites } from './walk-after-write.ts'

test('a walk has everything that was visible before it if the ledger answers in time', async () => {
  await using store = openTestStore()
  const { wrong, pinned } = await walkAfterWrites({ store, runs: 100, delayMs: (run) => run % 10 })
  expect(wrong).toEqual([])
  // on a busy machine a ledger may be late all the same
  expect(pinned).toBeGreaterThan(0)
})

test('a walk misses nothing if the ledger is too slow; its pages then show the log as it is', async () => {
  await using store = openTestStore()
  const walks = await walkAfterWrites({ store, runs: 5, delayMs: () => 300 })
  expect(walks).toEqual({ wrong: [], pinned: 0 })
})

import type { Filter } from '@activity-log/shared/filter.ts'
import type { Found } from '@activity-log/shared/store/activities.ts'
import type { ActivityStore } from '@activity-log/shared/store/store.ts'
import { openMemoryStore, openTestStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkCase } from './check-case.ts'
import { aCase } from './draw.ts'

/** `.ci/run` checks more. */
const cases = 100
/**
 * Checking ends at the first case that shows the change, which is the 40th on average for the two rarest. So many that
 * a miss is a fault of the test and no accident: at 200 it was missed once in 150 runs.
 */
const casesOfChange = 2000
/** A store in a file has a thread of its own, which takes far longer to start than a case. */
const casesInFiles = 20
/** Long enough for a busy machine; on an idle one a case takes about ten milliseconds. */
const timeout = 240_000

test.each<[where: string, open: () => ActivityStore, numRuns: number]>([
  ['in memory', openMemoryStore, cases],
  ['in a file', openTestStore, casesInFiles],
])(
  'a store %s lists what a plain array lists, for every query and whatever arrives between pages',
  {
    timeout,
  },
  async (_where, open, numRuns) => {
    await fc.assert(
      fc.asyncProperty(aCase, async (drawn) => {
        await using store = open()
        await checkCase(store, drawn)
      }),
      { numRuns },
    )
  },
)

type Find = ActivityStore['find']
const without =
  (...names: (keyof Filter)[]) =>
  (find: Find): Find =>
  ({ filter, ...query }) => {
    const others = Object.entries(filter).filter(([name]) => !names.some((each) => each === name))
    return find({ ...query, filter: Object.fromEntries(others) as Filter })
  }
const changed =
  (change: (found: readonly Found[]) => Found[]) =>
  (find: Find): Find =>
  async (query) => {
    const found = await find(query)
    return found.length > 1 ? change(found) : found
  }

test.each<[what: string, change: (find: Find) => Find]>([
  ['leaves a row out', changed((found) => found.slice(1))],
  ['finds in another order', changed((found) => found.toReversed())],
  ['finds a row twice', changed((found) => [found[0] as Found, ...found])],
  ['ignores the snapshot', without('snapshot')],
  ['ignores metadata', without('metadata')],
  ['ignores text', without('text')],
  ['ignores excluded actions', without('excluded')],
  [
    'finds only one of several users',
    (find) =>
      ({ filter, ...query }) =>
        find({
          ...query,
          filter: { ...filter, ...(filter.userId && { userId: [filter.userId].flat()[0] as string }) },
        }),
  ],
  ['ignores the end of a time range', without('to')],
  [
    'skips no rows',
    (find) =>
      ({ skip: _skip, ...query }) =>
        find(query),
  ],
  [
    'ignores the cursor',
    (find) =>
      ({ after: _after, ...query }) =>
        find(query),
  ],
])('detects a store that %s', { timeout }, async (_what, change) => {
  const property = fc.asyncProperty(aCase, async (drawn) => {
    await using store = openMemoryStore()
    await checkCase({ ...store, find: change(store.find) }, drawn)
  })
  expect((await fc.check(property, { numRuns: casesOfChange, endOnFailure: true })).failed).toBe(true)
})

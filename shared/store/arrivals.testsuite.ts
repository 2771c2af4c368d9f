import { beforeAll, describe, expect, test } from 'vitest'
import { recorded } from '../testing/builders.ts'
import type { ArrivalsQuery } from './activities.ts'
import type { ActivityStore } from './store.ts'

/** The promises of every store about the records of an offset range. */
export function testArrivals(open: () => Promise<ActivityStore>): void {
  describe('arrivals', () => {
    let store: ActivityStore
    beforeAll(async () => {
      store = await open()
      const at = (partition: number, offset: number, tenant = 'default') => ({
        // later arrivals have earlier timestamps
        ...recorded({ id: `${partition}/${offset}`, timestamp: new Date(1e12 - offset).toISOString() }, 0, tenant),
        position: { partition, offset },
      })
      await store.save([at(0, 3), at(0, 1), at(0, 2), at(0, 5, 'other'), at(0, 7), at(1, 2)])
      return () => store[Symbol.asyncDispose]()
    })
    const all: ArrivalsQuery = { tenant: 'default', partition: 0, first: 0, last: 100, limit: 100 }

    test.each<[string, Partial<ArrivalsQuery>, string[]]>([
      ['all of a partition, in the order of the offsets', {}, ['0/1', '0/2', '0/3', '0/7']],
      ['inclusive at both ends', { first: 2, last: 7 }, ['0/2', '0/3', '0/7']],
      ['at most the limit', { limit: 2 }, ['0/1', '0/2']],
      ['those of another tenant', { tenant: 'other' }, ['0/5']],
      ['those of another partition', { partition: 1 }, ['1/2']],
      ['empty for an unknown partition', { partition: 9 }, []],
    ])('are %s', async (_what, query, expected) => {
      const found = await store.arrivals({ ...all, ...query })
      expect(found.map(({ activity }) => activity.id)).toEqual(expected)
      expect(found.map(({ position }) => `${position.partition}/${position.offset}`)).toEqual(expected)
    })
  })
}

import { describe, expect, test } from 'vitest'
import type { Filter } from '../filter.ts'
import { lineIn } from '../line-formats.ts'
import { filterMatcher } from '../matches-filter.ts'
import { recorded } from '../testing/builders.ts'
import type { Lines, LinesQuery } from './activities.ts'
import type { ActivityStore } from './store.ts'

const tenant = 'default'
const at = (second: number) => new Date(Date.UTC(2024, 0, 15, 10, 0, second)).toISOString()
const count = 40
const uuid = (n: number) => `018cd0a4-0000-7000-8000-${String(n).padStart(12, '0')}`

/** The promises of every store about lines of files. */
export function testLines(open: () => Promise<ActivityStore>): void {
  const filled = async () => {
    const store = await open()
    await store.save(
      Array.from({ length: count }, (_, n) =>
        recorded(
          {
            // some of them are of the same instant
            timestamp: at(n < count / 2 ? n : count / 2 + (n >> 2)),
            id: n % 3 ? `"${n}\\` : uuid(n),
            userId: `ünï "☃" ${n % 4}`,
            action: n % 5 ? 'cart.add' : '=login',
            ...(n % 2 && { metadata: { n: n % 4, text: '☃'.repeat(n) } }),
          },
          n,
        ),
      ),
    )
    return store
  }

  /** All parts of the lines, and what they have together. */
  async function all(store: ActivityStore, query: Omit<LinesQuery, 'after'>) {
    const parts: Lines[] = []
    for (let after: string | undefined; ; ) {
      const part = await store.findLines({ ...query, ...(after !== undefined && { after }) })
      parts.push(part)
      after = part.rest
      if (after === undefined) break
    }
    return { parts, text: Buffer.concat(parts.map(({ bytes }) => bytes)).toString() }
  }

  const filters: [what: string, filter: Omit<Filter, 'tenant'>][] = [
    ['everything', {}],
    ['a user', { userId: 'ünï "☃" 1' }],
    ['a prefix', { actions: [{ prefix: 'cart.' }] }],
    ['what has another action', { excluded: [{ exact: '=login' }] }],
    ['metadata', { metadata: [{ path: ['n'], value: '3' }] }],
    ['a text', { text: '☃'.repeat(20) }],
    ['nothing', { userId: 'nobody' }],
  ]

  describe('the lines of', () => {
    test.each(filters)('%s are those of a list, in parts of any size', async (_what, filter) => {
      await using store = await filled()
      for (const order of ['asc', 'desc'] as const) {
        const listed = await store.find({ filter: { tenant }, order, limit: 1000 })
        const matching = listed.filter(({ key, activity }) => filterMatcher({ tenant, ...filter })(key, activity))
        for (const format of ['csv', 'ndjson'] as const) {
          const lines = matching.map(({ activity }) => lineIn[format](activity))
          const query = { filter: { tenant, ...filter }, order, format, limit: 1000, maxBytes: 1_000_000 }
          const whole = await all(store, query)
          expect([whole.text, whole.parts.length]).toEqual([lines.join(''), 1])
          expect((await all(store, { ...query, limit: 3 })).text).toBe(lines.join(''))
          const small = await all(store, { ...query, maxBytes: 300 })
          expect(small.text).toBe(lines.join(''))
          const longest = Math.max(0, ...lines.map((line) => Buffer.byteLength(line)))
          for (const { bytes } of small.parts) expect(bytes.byteLength).toBeLessThan(300 + longest)
        }
      }
    })

    test('a search are found in parts, each of which examines no more than the limit', async () => {
      await using store = await filled()
      const filter = { tenant, text: 'nowhere' }
      const { parts } = await all(store, { filter, order: 'asc', format: 'csv', limit: 15, maxBytes: 300 })
      expect(parts.map(({ examined, bytes }) => [examined, bytes.byteLength])).toEqual([
        [15, 0],
        [15, 0],
        [10, 0],
      ])
      for (const { read, examined } of parts) expect(read).toBeGreaterThan(100 * examined)
    })
  })
}

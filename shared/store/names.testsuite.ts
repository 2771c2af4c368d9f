import { beforeAll, describe, expect, test } from 'vitest'
import type { Filter } from '../filter.ts'
import { recorded } from '../testing/builders.ts'
import { byCodePoint } from './name-counter.ts'
import type { ActivityStore } from './store.ts'

const tenant = 'default'
/** Names that a database could take for each other, ignore a part of, or order by its own rules. */
const names = [
  'a',
  'A',
  'á',
  'a\u0301',
  'a.b',
  'A.b',
  'a-b',
  'a b',
  'ab',
  'B',
  'ß',
  'ss',
  '1',
  '01',
  '%',
  '\uffee',
  '😀',
]
/** Whether the database compares text as UTF-8, so by code point. Stand-ins may compare it as UTF-16. */
export type DatabaseOrder = { ordersByCodePoint: boolean }
/** The door allows these in what a client asks for, but no activity can have them. */
const impossible = ['a\0', '\0', 'a ', '']

/** The promises of every store about names, which are compared and ordered by their characters alone. */
export function testNames(open: () => Promise<ActivityStore>, { ordersByCodePoint }: DatabaseOrder): void {
  describe('names', () => {
    let store: ActivityStore
    beforeAll(async () => {
      store = await open()
      await store.save(names.map((name, n) => recorded({ id: `${n}`, userId: name, action: name })))
      return () => store[Symbol.asyncDispose]()
    })
    const actions = async (filter: Omit<Filter, 'tenant'>) =>
      (await store.find({ filter: { tenant, ...filter }, order: 'asc', limit: 100 }))
        .map(({ activity }) => activity.action)
        .toSorted()

    test.each(names)('of users and actions are told apart: %j', async (name) => {
      expect(await actions({ userId: name })).toEqual([name])
      expect(await actions({ actions: [{ exact: name }] })).toEqual([name])
      expect(await store.count({ tenant, userId: name, actions: [{ exact: name }] })).toBe(1)
    })

    test.each([
      '',
      'a',
      'A',
      'a.',
      'á',
      'B',
      's',
      '\uffee',
      '😀',
      '%',
      '_',
    ])('begin with a prefix: %j', async (prefix) => {
      const expected = names.filter((name) => name.startsWith(prefix)).toSorted()
      expect(await actions({ actions: [{ prefix }] })).toEqual(expected)
      expect(await store.count({ tenant, actions: [{ prefix }] })).toBe(expected.length)
    })

    test.skipIf(!ordersByCodePoint).each(['action', 'userId'] as const)(
      'are counted one by one, ties in the order of UTF-8, by %s',
      async (by) => {
        const { data, total } = await store.stats({ filter: { tenant }, by, limit: 100 })
        expect(data).toEqual(names.toSorted(byCodePoint).map((key) => ({ key, count: 1 })))
        expect(total).toBe(names.length)
      },
    )

    test('of tenants, and ids, are told apart by case and punctuation', async () => {
      await using own = await open()
      const tenants = ['acme', 'Acme', 'acmé']
      const ids = ['0199c0de-0000-7000-8000-00000000abcd', '0199C0DE-0000-7000-8000-00000000ABCD', 'x', 'X', 'x.', '0x']
      const all = tenants.flatMap((tenant) => [...ids, ids[0]!.replaceAll('-', '')].map((id) => ({ tenant, id })))
      const saved = await own.save(all.map(({ tenant, id }, n) => recorded({ id }, n, tenant)))
      expect(new Set(saved)).toEqual(new Set(['stored']))
      for (const [offset, { tenant, id }] of all.entries()) {
        expect(await own.get(tenant, id)).toMatchObject({ activity: { id }, position: { offset } })
      }
      expect(await own.count({ tenant: 'Acme' })).toBe(ids.length + 1)
      expect(await own.count({ tenant: 'ACME' })).toBe(0)
    })

    test.each(impossible)('that no activity can have find nothing: %j', async (name) => {
      const metadata = [{ path: [name], value: name }]
      expect(await actions({ userId: name })).toEqual([])
      expect(await actions({ actions: [{ exact: name }] })).toEqual([])
      expect(await actions({ userId: names[0]!, metadata })).toEqual([])
      expect(await store.count({ tenant, actions: [{ prefix: `${name}\0` }] })).toBe(0)
      expect(await store.get(tenant, name)).toBeUndefined()
      expect(await store.getDeadLetter(tenant, name)).toBeUndefined()
    })
  })
}

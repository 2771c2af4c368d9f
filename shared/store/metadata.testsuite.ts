import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../json.ts'
import { type MetadataMatch, metadataMatcher } from '../metadata-match.ts'
import { recorded } from '../testing/builders.ts'
import { nanosecondsPerMs } from '../timestamp.ts'
import type { FindQuery } from './activities.ts'
import type { ActivityStore } from './store.ts'

const tenant = 'default'
const at = (second: number) => new Date(Date.UTC(2024, 0, 15, 10, 0, second)).toISOString()
const ns = (text: string) => BigInt(Date.parse(text)) * nanosecondsPerMs
const name = (n: number) => String.fromCharCode('a'.charCodeAt(0) + n)

/** The promises of every store about finding by metadata. */
export function testMetadataFilters(open: () => Promise<ActivityStore>): void {
  /** Saves one activity for each item, the oldest first, and names them a, b, c … */
  const holding = async (...metadata: (string | undefined)[]) => {
    const store = await open()
    await store.save(
      metadata.map((text, n) =>
        recorded({ id: name(n), timestamp: at(n), ...(text !== undefined && { metadata: JSON.parse(text) }) }),
      ),
    )
    return store
  }
  const query = (metadata: MetadataMatch[], others: Partial<FindQuery> = {}): FindQuery => ({
    filter: { tenant, userId: 'user_123', metadata },
    order: 'asc',
    limit: 1000,
    ...others,
  })
  const ids = async (store: ActivityStore, asked: FindQuery) =>
    (await store.find(asked)).map(({ activity }) => activity.id).join('')

  describe('metadata filters', () => {
    test.each<[what: string, path: string[], value: string, found: string, metadata: (string | undefined)[]]>([
      ['numbers and text', ['n'], '3', 'abc', ['{"n":3}', '{"n":"3"}', '{"n":3.0}', '{"n":"3.0"}', '{"n":33}']],
      ['numbers by value', ['n'], '1.50e1', 'ac', ['{"n":15}', '{"n":"15"}', '{"n":"1.50e1"}', '{"n":15.5}']],
      ['large numbers', ['n'], '4294967296', 'a', ['{"n":4294967296}', '{"n":4294967297}', '{"n":0}']],
      ['truth', ['f'], 'true', 'ab', ['{"f":true}', '{"f":"true"}', '{"f":1}', '{"f":false}', '{"f":["true"]}']],
      ['null', ['f'], 'null', 'ab', ['{"f":null}', '{"f":"null"}', '{}', undefined, '{"g":null}', '{"f":[null]}']],
      ['no array', ['a', 'b'], '1', 'a', ['{"a":{"b":1}}', '{"a":[{"b":1}]}', '{"a":{"b":[1]}}', '{"a":[[1]]}']],
      ['no index', ['a', '0'], '1', 'a', ['{"a":{"0":1}}', '{"a":[1]}']],
      ['dots in names', ['a.b'], '1', 'a', ['{"a.b":1}', '{"a":{"b":1}}']],
      ['a name, not a path', ['a', 'b'], '1', 'b', ['{"a.b":1}', '{"a":{"b":1}}']],
      ['$ in names', ['$set', '$where'], '1', 'a', ['{"$set":{"$where":1}}', '{"set":{"where":1}}']],
      ['members beside a name with $', ['a'], '1', 'ab', ['{"a":1,"$ref":"x"}', '{"a":1}', '{"a":2,"$ref":"x"}']],
      ['__proto__', ['__proto__', 'x'], '1', 'a', ['{"__proto__":{"x":1}}', '{"x":1}', '{}']],
      ['constructor', ['constructor'], '1', 'a', ['{"constructor":1}', '{}']],
      ['no inherited members', ['toString', 'length'], '0', '', ['{}', '{"a":""}']],
      ['characters', ['Ünï☃😀'], '☃', 'a', ['{"Ünï☃😀":"☃"}', '{"Ünï☃😀":"☃ "}', '{"Uni":"☃"}']],
      ['code as text', ['a'], '{"$ne":1}', 'b', ['{"a":2}', '{"a":"{\\"$ne\\":1}"}']],
      ['a regular expression as text', ['a'], '.*', 'b', ['{"a":"x"}', '{"a":".*"}']],
    ])('%s', async (_what, path, value, found, metadata) => {
      await using store = await holding(...metadata)
      expect(await ids(store, query([{ path, value }]))).toBe(found)
      expect(await store.count({ tenant, metadata: [{ path, value }] })).toBe(found.length)
    })

    test('must all match, with the other filters, in either order, with skip and after', async () => {
      const texts = Array.from({ length: 12 }, (_, n) => `{"x":{"n":${n % 2}},"y":${n % 3},"$z":0}`)
      await using store = await holding(...texts, undefined)
      await store.save([recorded({ id: 'other', userId: 'other', metadata: { x: { n: 1 }, y: 2 } })])
      const both = [
        { path: ['x', 'n'], value: '1' },
        { path: ['y'], value: '2' },
      ]
      expect(await ids(store, query(both))).toBe('fl')
      expect(await ids(store, query(both.slice(0, 1)))).toBe('bdfhjl')
      const asked = query(both.slice(0, 1), { order: 'desc', limit: 2 })
      expect(await ids(store, asked)).toBe('lj')
      expect(await ids(store, { ...asked, skip: 3 })).toBe('fd')
      expect(await ids(store, { ...asked, skip: 5 })).toBe('b')
      const [, last] = await store.find(asked)
      expect(await ids(store, { ...asked, after: last!.key })).toBe('hf')
      expect(await ids(store, { ...asked, after: last!.key, skip: 1 })).toBe('fd')
      const ranged = { tenant, from: ns(at(3)), to: ns(at(8)), metadata: both.slice(0, 1) }
      expect(await ids(store, query([], { filter: ranged }))).toBe('dfh')
      const actions = [{ prefix: 'click' }, { exact: 'other' }]
      expect(await store.count({ tenant, actions, metadata: both })).toBe(3)
      expect(await store.count({ tenant, actions, metadata: both }, 2)).toBe(2)
      expect(await store.count({ tenant, actions: [{ prefix: 'none' }], metadata: both })).toBe(0)
    })

    test('find the same as a search through all activities', async () => {
      const names = fc.constantFrom('a', 'b', '0', 'a.b', '$a', '__proto__', 'length')
      const scalar = fc.constantFrom('1', '1.5', '"1"', '"1.0"', 'true', '"true"', 'null', '"null"', '""', '1e21')
      const json = fc.letrec<{ value: string; object: string }>((tie) => ({
        value: fc.oneof(
          { maxDepth: 3 },
          scalar,
          tie('object'),
          fc.array(tie('value'), { maxLength: 2 }).map((items) => `[${items}]`),
        ),
        object: fc
          .uniqueArray(fc.tuple(names, tie('value')), { maxLength: 3, selector: ([key]) => key })
          .map((members) => `{${members.map(([key, value]) => `${JSON.stringify(key)}:${value}`)}}`),
      })).object
      const match = fc.record({
        path: fc.array(names, { minLength: 1, maxLength: 3 }),
        value: fc.constantFrom('1', '1.0', '1.5', 'true', 'null', '1000000000000000000000'),
      })
      await using store = await open()
      let round = 0
      await fc.assert(
        fc.asyncProperty(
          fc.array(json, { maxLength: 8 }),
          fc.array(match, { minLength: 1, maxLength: 2 }),
          async (texts, metadata) => {
            const userId = `round-${round++}`
            const all = texts.map((text, n) => ({ id: `${userId}-${n}`, metadata: JSON.parse(text) as JsonObject }))
            await store.save(all.map(({ id, metadata }, n) => recorded({ id, userId, timestamp: at(n), metadata })))
            const found = await store.find({ filter: { tenant, userId, metadata }, order: 'asc', limit: 100 })
            const expected = all.filter((each) => metadataMatcher(metadata)(each.metadata)).map(({ id }) => id)
            expect(found.map(({ activity }) => activity.id)).toEqual(expected)
          },
        ),
        { numRuns: 60 },
      )
    })
  })
}

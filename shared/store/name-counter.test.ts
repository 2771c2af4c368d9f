import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TooBroad } from './activities.ts'
import { byCodePoint, createNameCounter, maxKeys } from './name-counter.ts'

const filter = { tenant: 'default' }

test('returns the most frequent in order, regardless of arrival, ties by key', () => {
  const counted = fc.uniqueArray(fc.record({ key: fc.string(), count: fc.integer({ min: 1, max: 4 }) }), {
    selector: ({ key }) => key,
    maxLength: 50,
  })
  fc.assert(
    fc.property(counted, fc.integer({ min: 1, max: 20 }), (all, limit) => {
      const counter = createNameCounter({ filter, by: 'userId', limit })
      for (const { key, count } of all) counter.add(key, count)
      const sorted = all.toSorted((one, other) => other.count - one.count || byCodePoint(one.key, other.key))
      expect(counter.stats().data).toEqual(sorted.slice(0, limit))
    }),
  )
})

test('sorts text as UTF-8 does', () => {
  const text = fc.string({ unit: 'binary' })
  fc.assert(
    fc.property(text, text, (one, other) => {
      expect(Math.sign(byCodePoint(one, other))).toBe(Buffer.compare(Buffer.from(one), Buffer.from(other)))
    }),
    { examples: [['\uff5e', '😀']] },
  )
})

test('throws TooBroad for more keys than fit in memory', () => {
  const counter = createNameCounter({ filter, by: 'userId', limit: 10 })
  for (let n = 0; n < maxKeys; n++) counter.add(`${n}`, 1)
  counter.add('1', 1)
  expect(() => counter.add('another', 1)).toThrow(TooBroad)
})

test('counts without limit if each key is added once', () => {
  const counter = createNameCounter({ filter, by: 'userId', limit: 2 })
  const count = 3 * maxKeys
  for (let n = 0; n < count; n++) counter.addWhole(`${n}`, n === 77 ? 3 : n === count - 1 ? 2 : 1)
  expect(counter.stats()).toEqual({
    data: [
      { key: '77', count: 3 },
      { key: `${count - 1}`, count: 2 },
    ],
    total: count + 3,
  })
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { inOrder } from './in-order.ts'

test('items keep their order, whichever of them leave', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 20 })), (changes) => {
      const order = inOrder<number>()
      const places = new Map<number, ReturnType<typeof order.add>>()
      let added = 0
      for (const change of changes) {
        const place = places.get(change)
        if (place) {
          order.remove(place)
          places.delete(change)
        } else places.set(added, order.add(added++))
        expect(order.items()).toEqual([...places.keys()])
      }
    }),
  )
})

test('an item that has left leaves no other with it, and refers to none', () => {
  const order = inOrder<string>()
  const [a, b, c] = [order.add('a'), order.add('b'), order.add('c')]
  order.remove(b)
  order.remove(b)
  expect(order.items()).toEqual(['a', 'c'])
  expect([b.previous, b.next]).toEqual([undefined, undefined])
  order.remove(a)
  order.remove(c)
  order.remove(c)
  expect(order.items()).toEqual([])
  expect(order.add('d')).toBe(order.first())
})

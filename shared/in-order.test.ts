import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type InOrder, inOrder } from './in-order.ts'

const itemsOf = <Item>(order: InOrder<Item>) => {
  const items: Item[] = []
  for (let place = order.first(); place; place = place.next) items.push(place.item)
  return items
}

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
        expect(itemsOf(order)).toEqual([...places.keys()])
      }
    }),
  )
})

test('an item that has left leaves no other with it, and refers to none', () => {
  const order = inOrder<string>()
  const [a, b, c] = [order.add('a'), order.add('b'), order.add('c')]
  order.remove(b)
  order.remove(b)
  expect(itemsOf(order)).toEqual(['a', 'c'])
  expect([b.previous, b.next]).toEqual([undefined, undefined])
  order.remove(a)
  order.remove(c)
  order.remove(c)
  expect(itemsOf(order)).toEqual([])
  expect(order.add('d')).toBe(order.first())
})

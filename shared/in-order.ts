/** A place in an order. It has no neighbors once its item has left. */
export type Place<Item> = {
  readonly item: Item
  previous: Place<Item> | undefined
  next: Place<Item> | undefined
}

export type InOrder<Item> = {
  first(): Place<Item> | undefined
  items(): Item[]
  add(item: Item): Place<Item>
  /** Removes an item. It may have left before. */
  remove(place: Place<Item>): void
}

/**
 * Items in the order in which they came, any of which may leave. Use it instead of a Set for what comes and goes with
 * each request: V8 replaces the table of such a Set every few changes, and each old table refers to the next one. Once
 * one of them is in the old generation, all that follow get there as well, with the requests that they hold.
 */
export function inOrder<Item>(): InOrder<Item> {
  let first: Place<Item> | undefined
  let last: Place<Item> | undefined

  return {
    first: () => first,

    items() {
      const items: Item[] = []
      for (let place = first; place; place = place.next) items.push(place.item)
      return items
    },

    add(item) {
      const place: Place<Item> = { item, previous: last, next: undefined }
      if (last) last.next = place
      else first = place
      last = place
      return place
    },

    remove(place) {
      const { previous, next } = place
      if (previous) previous.next = next
      else if (first === place) first = next
      if (next) next.previous = previous
      else if (last === place) last = previous
      place.previous = undefined
      place.next = undefined
    },
  }
}

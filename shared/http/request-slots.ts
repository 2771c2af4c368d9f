import type { IncomingMessage } from 'node:http'
import { type InOrder, inOrder } from '../in-order.ts'
import { openSlots, type SlotKind, type SlotSizes, slotKinds } from './slots.ts'

export type RequestSlots = {
  /** Returns how to release the slot, or undefined if there is none for the request. */
  take(kind: SlotKind, request: IncomingMessage, peer: string | undefined): (() => void) | undefined
}
type Arriving = { request: IncomingMessage; release: () => void }

/**
 * Gives slots to requests. Sending a body may take minutes, so thousands of clients that send next to nothing could have
 * all slots: when none is left, the request whose body has been arriving for the longest time ends, and another one has
 * its slot.
 */
export function openRequestSlots(sizes: SlotSizes, end: (request: IncomingMessage) => void): RequestSlots {
  const slots = openSlots(sizes)
  /** In the order in which they began. */
  const arriving = new Map(slotKinds.map((kind) => [kind, inOrder<Arriving>()]))

  function makeRoom(kind: SlotKind) {
    const ofKind = arriving.get(kind) as InOrder<Arriving>
    for (let place = ofKind.first(); place; place = ofKind.first()) {
      ofKind.remove(place)
      const { request, release } = place.item
      if (request.complete) continue
      release()
      end(request)
      return
    }
  }

  return {
    take(kind, request, peer) {
      let isTaken = slots.take(kind, peer)
      if (!isTaken && slots.hasShare(kind, peer)) {
        makeRoom(kind)
        isTaken = slots.take(kind, peer)
      }
      if (!isTaken) return undefined
      const place = hasBody(request) ? arriving.get(kind)?.add({ request, release }) : undefined
      return release

      function release() {
        if (!isTaken) return
        isTaken = false
        if (place) arriving.get(kind)?.remove(place)
        slots.release(kind, peer)
      }
    },
  }
}

const hasBody = ({ headers }: IncomingMessage) =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

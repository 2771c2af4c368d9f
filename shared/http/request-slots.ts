import type { IncomingMessage } from 'node:http'
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
  const arriving = new Map(slotKinds.map((kind) => [kind, new Set<Arriving>()]))

  function makeRoom(kind: SlotKind) {
    const ofKind = arriving.get(kind) as Set<Arriving>
    for (const each of ofKind) {
      ofKind.delete(each)
      if (each.request.complete) continue
      each.release()
      end(each.request)
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
      const own: Arriving = { request, release }
      if (hasBody(request)) arriving.get(kind)?.add(own)
      return release

      function release() {
        if (!isTaken) return
        isTaken = false
        arriving.get(kind)?.delete(own)
        slots.release(kind, peer)
      }
    },
  }
}

const hasBody = ({ headers }: IncomingMessage) =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

import { whenAborted } from '../aborted.ts'
import { spareShare } from '../fair-room.ts'
import type { Answer, ByteStream } from './answer.ts'
import { ownerOf } from './caller.ts'
import { usualKind } from './kind.ts'
import { unavailable } from './problem.ts'
import type { Around, Route, ServiceRequest } from './route.ts'
import { noneTaken, type SlotKind, type SlotSizes, slotKinds, slotSizes } from './slots.ts'

/**
 * Keeps one tenant from using up the slots of a kind, from however many addresses and with however many keys: alone it
 * gets four fifths of them, and what it leaves is for the others. Whoever has no key shares with nobody: then all belong
 * to one tenant.
 */
export function createTenantShares(sizes: SlotSizes = slotSizes): Around {
  const all = noneTaken()
  const byTenant = new Map<string, ReturnType<typeof noneTaken>>()

  /** Returns how to release the slot, or undefined if the tenant has its share. */
  function take(kind: SlotKind, tenant: string): (() => void) | undefined {
    const own = byTenant.get(tenant) ?? noneTaken()
    if (own[kind] >= spareShare * (sizes[kind] - all[kind])) return undefined
    byTenant.set(tenant, own)
    own[kind]++
    all[kind]++
    let isReleased = false
    return () => {
      if (isReleased) return
      isReleased = true
      all[kind]--
      own[kind]--
      if (slotKinds.every((each) => own[each] === 0)) byTenant.delete(tenant)
    }
  }

  return (handle, route) => {
    // a page asks other routes, and they are what costs something; the log records few acts, which others wait for
    if (route.scope === 'public' || route.scope === 'deliver' || route.scope === 'audit') return handle
    return (request) => {
      const { caller } = request
      if (caller.keyId === undefined) return handle(request)
      const release = take(kindOf(route, request), ownerOf(caller))
      if (!release) return Promise.reject(tooMany())
      return handle(request).then(
        (answer) => {
          if (streams(answer, request)) return whenRead(answer, request, release)
          release()
          return answer
        },
        (error) => {
          release()
          throw error
        },
      )
    }
  }
}

function kindOf({ kind }: Route, { method, url }: ServiceRequest): SlotKind {
  if (kind === undefined) return usualKind(method, url)
  return typeof kind === 'string' ? kind : kind(url)
}

/** Whether the answer takes longer than its handler; nobody reads that of HEAD. */
function streams({ body }: Answer, { method }: ServiceRequest): boolean {
  return typeof body === 'object' && !(body instanceof Uint8Array) && Symbol.asyncIterator in body && method !== 'HEAD'
}

function whenRead(answer: Answer, request: ServiceRequest, release: () => void): Answer {
  // a stream of which nothing was read is never told that its client has gone
  whenAborted(request.gone(), release)
  async function* read(parts: ByteStream) {
    try {
      yield* parts
    } finally {
      release()
    }
  }
  return { ...answer, body: read(answer.body as ByteStream) }
}

const tooMany = () =>
  unavailable('Too many requests of this tenant are in progress, so this one was not processed. Send it again soon.')

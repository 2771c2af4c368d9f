import type { IncomingMessage } from 'node:http'

export type Limits = {
  /** The maximum number of requests in flight. */
  requests: number
  /** The maximum size of all their bodies. */
  bytes: number
}

/**
 * Bounds the requests in flight, so that a flood of requests, or requests that hang, end in 503s and not in a process
 * without memory. Returns a function to call when the request is over, or undefined if there is no room for it.
 */
export function openAdmission({ requests, bytes }: Limits): (request: IncomingMessage) => (() => void) | undefined {
  let requestsInFlight = 0
  let bytesInFlight = 0
  return (request) => {
    const size = bodyBytes(request)
    if (requestsInFlight >= requests || (bytesInFlight > 0 && bytesInFlight + size > bytes)) return undefined
    requestsInFlight++
    bytesInFlight += size
    return () => {
      requestsInFlight--
      bytesInFlight -= size
    }
  }
}

/** No route reads a larger body. */
const maxBodyBytes = 4 * 1024 * 1024

/** A body without a declared length counts as the largest one. */
function bodyBytes({ headers }: IncomingMessage): number {
  if (headers['transfer-encoding'] !== undefined) return maxBodyBytes
  return Math.min(Number(headers['content-length'] ?? 0), maxBodyBytes)
}

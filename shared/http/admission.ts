import type { IncomingMessage } from 'node:http'

export type Limits = {
  /** Most requests under way. */
  requests: number
  /** Most bytes of their bodies. */
  bytes: number
}

/**
 * What is under way is bounded, so that a flood of requests, or one that hangs, ends in refusals rather than in a process
 * without memory. Returns what to call when the request is over, or undefined when there is no room for it.
 */
export function openAdmission({ requests, bytes }: Limits): (request: IncomingMessage) => (() => void) | undefined {
  let requestsUnderWay = 0
  let bytesUnderWay = 0
  return (request) => {
    const size = bodyBytes(request)
    if (requestsUnderWay >= requests || (bytesUnderWay > 0 && bytesUnderWay + size > bytes)) return undefined
    requestsUnderWay++
    bytesUnderWay += size
    return () => {
      requestsUnderWay--
      bytesUnderWay -= size
    }
  }
}

/** No body that is larger is read. */
const largestBody = 4 * 1024 * 1024

/** One that does not say how large it is may be of any size. */
function bodyBytes({ headers }: IncomingMessage): number {
  if (headers['transfer-encoding'] !== undefined) return largestBody
  return Math.min(Number(headers['content-length'] ?? 0), largestBody)
}

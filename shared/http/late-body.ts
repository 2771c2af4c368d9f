import type { Incoming } from './body.ts'
import type { Problem } from './problem.ts'

/** A body may take minutes to arrive. If it took longer than this, its sender has to be let in again. */
const lookAfterMs = 1000

type Bodies = Pick<Incoming, 'bytes' | 'use'>

/**
 * Reads bodies like the request, as those of an owner, and throws the problem of a sender who is no longer let in when a
 * body is there.
 */
export function judgedLate(request: Bodies, owner: string, whyNoLonger: () => Problem | undefined): Bodies {
  const since = performance.now()
  function use<Result>(maxBytes: number, work: (bytes: Uint8Array) => Result | Promise<Result>): Promise<Result> {
    const judged = (bytes: Uint8Array) => {
      const problem = performance.now() - since < lookAfterMs ? undefined : whyNoLonger()
      if (problem) throw problem
      return work(bytes)
    }
    return request.use(maxBytes, judged, owner)
  }
  return { use, bytes: (maxBytes) => use(maxBytes, (bytes) => bytes) }
}

import { fewPerTurn } from './few-per-turn.ts'

export class TooLate extends Error {
  override name = 'TooLate'
}

/**
 * All who began to wait together would give up together, in one turn in which nobody else is served. A promise that
 * settles meanwhile is in time.
 */
const gradually = fewPerTurn(32)

/** Rejects with TooLate when the promise has not settled in time; its later result is ignored. */
export function within<Value>(ms: number, promise: Promise<Value>, late: string): Promise<Value> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(new TooLate(`${late} within ${Math.round(ms)} ms`))
    const timer = setTimeout(() => gradually(giveUp), ms)
    const settled =
      <Result>(settle: (result: Result) => void) =>
      (result: Result) => {
        clearTimeout(timer)
        settle(result)
      }
    promise.then(settled(resolve), settled(reject))
  })
}

/** Does the same as `within`, and aborts the signal of the work when it is too late. */
export async function startedWithin<Value>(
  ms: number,
  start: (signal: AbortSignal) => Promise<Value>,
  late: string,
): Promise<Value> {
  const stop = new AbortController()
  try {
    return await within(ms, start(stop.signal), late)
  } catch (error) {
    if (error instanceof TooLate) stop.abort(error)
    throw error
  }
}

/** Turns TooLate into undefined and throws any other error. It suits a `catch`, for callers who need no late result. */
export function undefinedIfLate(error: unknown): undefined {
  if (!(error instanceof TooLate)) throw error
}

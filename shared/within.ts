export class TooLate extends Error {
  override name = 'TooLate'
}

/** Rejects with TooLate when the promise has not settled in time; its later result is ignored. */
export function within<Value>(ms: number, promise: Promise<Value>, late: string): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new TooLate(`${late} within ${Math.round(ms)} ms`)), ms)
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

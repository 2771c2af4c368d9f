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
    const timer = setTimeout(gradually, ms, giveUp)
    promise.then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error) => {
        clearTimeout(timer)
        reject(error)
      },
    )
  })
}

/**
 * Does the same as `within`, and aborts the signal of the work when it is too late. The signal is made when it is asked
 * for, since much work has no use for one.
 */
export async function startedWithin<Value>(
  ms: number,
  start: (signal: () => AbortSignal) => Promise<Value>,
  late: string,
): Promise<Value> {
  let stop: AbortController | undefined
  let tooLate: TooLate | undefined
  const signal = () => {
    stop ??= new AbortController()
    if (tooLate) stop.abort(tooLate)
    return stop.signal
  }
  try {
    return await within(ms, start(signal), late)
  } catch (error) {
    if (error instanceof TooLate) {
      tooLate = error
      stop?.abort(error)
    }
    throw error
  }
}

/** Turns TooLate into undefined and throws any other error. It suits a `catch`, for callers who need no late result. */
export function undefinedIfLate(error: unknown): undefined {
  if (!(error instanceof TooLate)) throw error
}

/** Nobody waits for the answer any more, so the work for it ended. It is no fault of anybody. */
export class Aborted extends Error {
  override name = 'Aborted'
}

/** Aborts when nobody waits for an answer any more. A function, because a signal costs more than many a short read. */
export type Gone = () => AbortSignal

/** Settles like the work, or rejects with Aborted as soon as the signal does. */
export function unlessAborted<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(new Aborted('Nobody waits for the answer'))
    if (signal.aborted) return leave()
    signal.addEventListener('abort', leave, { once: true })
    work()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', leave))
  })
}

/** Calls once nobody waits for the answer any more, also if that is so already: a signal tells of it only once. */
export function whenAborted(signal: AbortSignal, leave: () => void): void {
  if (signal.aborted) leave()
  else signal.addEventListener('abort', leave, { once: true })
}

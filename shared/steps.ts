/**
 * Long work in parts: it may pause wherever it yields. Functions that return steps stand at the top of a module: V8
 * makes a prototype and a map for each generator function that is called, and those of one made for a request would
 * outlive it, which adds a quarter to the CPU time of a small POST.
 */
export type Steps<Result> = Generator<undefined, Result, void>

/** How many characters or bytes a scan looks at in one part, which takes about a millisecond. */
export const partLength = 64 * 1024

/** A smaller piece counts as this many bytes, because each one takes some time. */
const leastBytes = 256
const bytesBetweenPauses = 4 * 1024

/** Tells whether to pause after another piece, of so many bytes: a pause takes as long as a small piece does. */
export function pausesBetween(): (bytes: number) => boolean {
  let since = 0
  return (bytes) => {
    since += Math.max(bytes, leastBytes)
    const isDue = since >= bytesBetweenPauses
    if (isDue) since = 0
    return isDue
  }
}

/** Work that may wait for its turn, and is then done at once. */
export function* inOneStep<Result>(work: () => Result): Steps<Result> {
  yield
  return work()
}

/** Does all parts without a pause. */
export function allSteps<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}

/** Does the parts with a pause wherever `pause` returns a promise. If it never does, the result is there at once. */
export function inSteps<Result>(
  steps: Steps<Result>,
  pause: () => Promise<void> | undefined,
): Result | Promise<Result> {
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
    const wait = pause()
    if (wait) return goOn(steps, pause, wait)
  }
}

async function goOn<Result>(steps: Steps<Result>, pause: () => Promise<void> | undefined, first: Promise<void>) {
  let wait: Promise<void> | undefined = first
  for (;;) {
    if (wait) await wait
    const { done, value } = steps.next()
    if (done) return value
    wait = pause()
  }
}

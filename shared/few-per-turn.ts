/** A test that stops the clock needs turns all the same. */
const { setImmediate } = globalThis

/**
 * Does pieces of work in order, at most so many of them in each turn of the event loop: what concerns thousands of
 * clients at the same moment would otherwise keep all others waiting. The first ones are done at once.
 */
export function fewPerTurn(max: number): (work: () => void) => void {
  let waiting: (() => void)[] = []
  let next = 0
  let done = 0

  function goOn() {
    const end = Math.min(next + max, waiting.length)
    done = end - next
    if (done > 0) setImmediate(goOn)
    while (next < end) (waiting[next++] as () => void)()
    if (next < waiting.length) return
    waiting = []
    next = 0
  }

  return (work) => {
    if (done === 0) setImmediate(goOn)
    if (done < max && waiting.length === 0) {
      done++
      work()
    } else waiting.push(work)
  }
}

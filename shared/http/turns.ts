/**
 * Asks whether a piece of work may go on in this turn of the event loop. Undefined means that it may, which is the usual
 * case and costs next to nothing; otherwise the promise resolves in a later turn. Work that takes more than a moment
 * asks before it begins and between its parts.
 */
export type Turn = () => Promise<void> | undefined

/** For requests that did not come through a socket: whoever asks decides how much. */
export const anyTurn: Turn = () => undefined

/** How long the work of one turn may go on before the rest waits, in milliseconds of CPU time. */
const workMs = 5

/**
 * Shares each turn of the event loop among all requests of a server, so that others never wait long for their turn,
 * however many ask for work at the same time. What waits goes on in the order in which it asked. It has a time of its
 * own in each turn, and so has what has arrived in the meantime: neither keeps the other from going on.
 */
export function openTurns(now = () => performance.now(), cpuMs = threadCpuMs): Turn {
  /** When the work began that shares a time; undefined while there is none. */
  let beganAt: number | undefined
  let cpuBefore = 0
  let waiting: (() => void)[] = []
  let next = 0
  let isScheduled = false

  function schedule() {
    if (isScheduled) return
    isScheduled = true
    setImmediate(begin)
  }

  function begin() {
    isScheduled = false
    if (waiting.length > 0) start()
    else beganAt = undefined
    goOn()
  }

  function start() {
    beganAt = now()
    cpuBefore = cpuMs()
  }

  /** On a busy machine time passes without work. The clock is looked at first, since it costs much less. */
  const isUsedUp = (since: number) => now() - since >= workMs && cpuMs() - cpuBefore >= workMs

  /** Each piece of work runs as far as it can before the clock is looked at again. */
  function goOn() {
    const resume = waiting[next]
    if (resume && beganAt !== undefined && !isUsedUp(beganAt)) {
      next++
      resume()
      // a tick that a microtask asks for comes after all microtasks
      queueMicrotask(() => process.nextTick(goOn))
      return
    }
    beganAt = undefined
    if (resume) schedule()
    else {
      waiting = []
      next = 0
    }
  }

  return () => {
    if (beganAt === undefined) {
      start()
      schedule()
      return undefined
    }
    if (!isUsedUp(beganAt)) return undefined
    return new Promise((resolve) => {
      waiting.push(resolve)
      schedule()
    })
  }
}

function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

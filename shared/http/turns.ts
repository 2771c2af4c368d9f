import { inOrder } from '../in-order.ts'
import { oncePerTurn } from '../once-per-turn.ts'

/**
 * Asks whether a piece of work may go on in this turn of the event loop. Undefined means that it may, which is the usual
 * case and costs next to nothing; otherwise the promise resolves in a later turn. Work that takes more than a moment
 * asks before it begins and between its parts.
 */
export type Turn = () => Promise<void> | undefined

/** For requests that did not come through a socket: whoever asks decides how much. */
export const anyTurn: Turn = () => undefined

/** Writes wait apart from everything else, because they are short, and reads are often long. */
export type Turns = { reads: Turn; writes: Turn }

/** How long the work of one turn may go on before the rest waits, in milliseconds of CPU time. */
const workMs = 2

/**
 * Shares each turn of the event loop among all requests of a server, so that others never wait long for their turn,
 * however many ask for work at the same time. Of the reads and of the writes that wait, one of each goes on in turn, in
 * the order in which they asked. They have a time of their own in each turn, and so has what has arrived in the
 * meantime: neither keeps the other from going on.
 */
export function openTurns(now = () => performance.now(), cpuMs = threadCpuMs): Turns {
  /** When the work began that shares a time; undefined while there is none. */
  let beganAt: number | undefined
  let cpuBefore = 0
  /** The time may not be used up before. */
  let lookAt = 0
  const [reads, writes] = [openQueue(), openQueue()]
  let [first, second] = [writes, reads]
  const schedule = oncePerTurn(begin)

  function begin() {
    if (isAnyWaiting()) start()
    else beganAt = undefined
    goOn()
  }

  function start() {
    beganAt = now()
    lookAt = beganAt + workMs
    cpuBefore = cpuMs()
  }

  /** On a busy machine time passes without work, but never the other way round. Asking for CPU time costs much more. */
  function isUsedUp(): boolean {
    const at = now()
    if (at < lookAt) return false
    const left = workMs - (cpuMs() - cpuBefore)
    lookAt = at + left
    return left <= 0
  }

  const isAnyWaiting = () => reads.count() + writes.count() > 0

  function nextOne(): (() => void) | undefined {
    const next = first.take() ?? second.take()
    ;[first, second] = [second, first]
    return next
  }

  /** Each piece of work runs as far as it can before the clock is looked at again. */
  function goOn() {
    const resume = beganAt !== undefined && !isUsedUp() ? nextOne() : undefined
    if (resume) {
      resume()
      // a tick that a microtask asks for comes after all microtasks
      queueMicrotask(() => process.nextTick(goOn))
      return
    }
    beganAt = undefined
    if (isAnyWaiting()) schedule()
  }

  const turnOf =
    ({ add }: Queue): Turn =>
    () => {
      if (beganAt === undefined) {
        start()
        schedule()
        return undefined
      }
      if (!isUsedUp()) return undefined
      return new Promise((resolve) => {
        add(resolve)
        schedule()
      })
    }

  return { reads: turnOf(reads), writes: turnOf(writes) }
}

type Queue = ReturnType<typeof openQueue>

function openQueue() {
  const waiting = inOrder<() => void>()
  let count = 0
  return {
    count: () => count,
    add(resume: () => void) {
      waiting.add(resume)
      count++
    },
    take(): (() => void) | undefined {
      const first = waiting.first()
      if (!first) return undefined
      waiting.remove(first)
      count--
      return first.item
    },
  }
}

function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

import { createFairQueue, type FairQueue, turnBytes, type Waiting } from '../fair-queue.ts'
import { oncePerTurn } from '../once-per-turn.ts'

/**
 * Asks whether a piece of work may go on in this turn of the event loop. Undefined means that it may, which is the usual
 * case and costs next to nothing; otherwise the promise resolves in a later turn. Work that takes more than a moment
 * asks before it begins and between its parts. What waits belongs to an owner, usually a tenant. What begins together
 * with much else, since all of it waited for the same thing, always waits: otherwise all of it would ask before any of it
 * has worked, and go on at once.
 */
export type TurnOf = (owner: string, isOneOfMany?: boolean) => Promise<void> | undefined
/**
 * The same for an owner who is known. Work that others wait for, since it holds a lock, does not wait behind all else of
 * its owner: otherwise that would delay the others, too.
 */
export type Turn = (work?: 'one of many' | 'awaited') => Promise<void> | undefined

/** For requests that did not come through a socket: whoever asks decides how much. */
export const anyTurn = (): undefined => undefined

/** The owner of requests that nobody has read yet. */
export const unknownOwner = ''
/** The owner of work that others wait for: no tenant has this name, and each lock lets one piece of it go on. */
export const awaitedOwner = '\0awaited'

/** Of each owner, one piece at a time. */
type Work = Waiting & { resume: () => void }

/** Writes wait apart from everything else, because they are short, and reads are often long. */
export type Turns = { reads: TurnOf; writes: TurnOf }

/** How long the work of one turn may go on before the rest waits, in milliseconds of CPU time. */
const workMs = 2
/** What waits may take as long as all else since it had to wait, up to this: otherwise it gets little of long turns. */
const maxWaitingMs = 8

/**
 * Shares each turn of the event loop among all requests of a server, so that others never wait long for their turn,
 * however many ask for work at the same time. Of the reads and of the writes that wait, one of each goes on in turn.
 * Owners take turns as well, so nobody waits longer because another one wants much; the work of one owner goes on in the
 * order in which it asked. What waits has a time of its own in each turn, and so has what has arrived in the meantime:
 * neither keeps the other from going on.
 */
export function openTurns(now = () => performance.now(), cpuMs = threadCpuMs): Turns {
  /** When the work began that shares a time; undefined while there is none. */
  let beganAt: number | undefined
  let cpuBefore = 0
  let ownMs = workMs
  /** The CPU time since which some of the work has to wait again; undefined if there is none. */
  let cpuSince: number | undefined
  /** The time may not be used up before. */
  let lookAt = 0
  const [reads, writes] = [createFairQueue<Work>(), createFairQueue<Work>()]
  let [first, second] = [writes, reads]
  const schedule = oncePerTurn(begin)

  function begin() {
    const elsewhereMs = cpuSince === undefined ? 0 : cpuMs() - cpuSince
    if (isAnyWaiting()) start(Math.min(maxWaitingMs, Math.max(workMs, elsewhereMs)))
    else beganAt = undefined
    goOn()
  }

  function start(ms: number) {
    ownMs = ms
    beganAt = now()
    lookAt = beganAt + ms
    cpuBefore = cpuMs()
  }

  /** On a busy machine time passes without work, but never the other way round. Asking for CPU time costs much more. */
  function isUsedUp(): boolean {
    const at = now()
    if (at < lookAt) return false
    const left = ownMs - (cpuMs() - cpuBefore)
    lookAt = at + left
    return left <= 0
  }

  const isAnyWaiting = () => reads.all.items + writes.all.items > 0

  function nextOne(): (() => void) | undefined {
    const next = takeFirst(first) ?? takeFirst(second)
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
    cpuSince = isAnyWaiting() ? cpuMs() : undefined
    if (cpuSince !== undefined) schedule()
  }

  const turnOf =
    (queue: FairQueue<Work>): TurnOf =>
    (owner, isOneOfMany) => {
      if (!isOneOfMany) {
        if (beganAt === undefined) {
          start(workMs)
          schedule()
          return undefined
        }
        if (!isUsedUp()) return undefined
      }
      return new Promise((resume) => {
        queue.push(owner, { bytes: turnBytes, share: undefined, place: undefined, resume })
        schedule()
      })
    }

  return { reads: turnOf(reads), writes: turnOf(writes) }
}

function takeFirst(queue: FairQueue<Work>): (() => void) | undefined {
  const work = queue.peek()
  if (work) queue.take(work)
  return work?.resume
}

function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

import { type Problem, unavailable } from './problem.ts'

/** Counts one body while it arrives. */
export type ArrivingBody = {
  add(bytes: number): void
  release(): void
  /** Resolves when it is the turn of a body that has arrived. A small one does not have to wait. */
  turn(): Promise<Done> | undefined
}
/** Call it when a large body has been handled, so that the next one has its turn. */
export type Done = () => void
/** `end` stops reading the body and answers with the problem. */
export type BodyRoom = {
  open(end: (problem: Problem) => void): ArrivingBody
  /** Resolves when a large body may be handled, and no other one is. */
  nextTurn(): Promise<Done>
}

type Entry = { bytes: number; isWhole: boolean; since: number; end: (problem: Problem) => void }

/** Handling a larger body takes time and memory, so such bodies are handled one by one. */
export const largeBytes = 64 * 1024

/** A large body is safe from other large ones for this long, so that the first of a flood of them arrive. */
const headStartMs = 2_000

/**
 * Bounds the bytes of all bodies that are arriving. Each counts for the bytes that have arrived, until it is read. When
 * there is no room left, a large body gets the 503: so a few large ones that trickle do not keep out small ones. Large
 * bodies are handed over one after another, each when the one before it has been handled, and count until then.
 */
export function openBodyRoom(maxBytes: number): BodyRoom {
  const arriving = new Set<Entry>()
  const nextTurn = oneByOne()
  let held = 0

  function remove(entry: Entry) {
    if (arriving.delete(entry)) held -= entry.bytes
  }

  /** The body that has to end so that `newcomer` can go on. */
  function victimOf(newcomer: Entry): Entry {
    const isSmall = newcomer.bytes <= largeBytes
    const before = performance.now() - headStartMs
    let found = newcomer
    for (const entry of arriving) {
      const mayGo = !entry.isWhole && (isSmall || entry.since <= before)
      if (mayGo && entry.bytes > found.bytes) found = entry
    }
    return found
  }

  return {
    nextTurn,
    open(end) {
      const own: Entry = { bytes: 0, isWhole: false, since: performance.now(), end }
      arriving.add(own)
      return {
        add(bytes) {
          if (!arriving.has(own)) return
          own.bytes += bytes
          held += bytes
          while (held > maxBytes) {
            const victim = victimOf(own)
            remove(victim)
            victim.end(noRoom())
            if (victim === own) return
          }
        },
        release: () => remove(own),
        turn() {
          own.isWhole = true
          return own.bytes > largeBytes ? nextTurn() : undefined
        },
      }
    },
  }
}

function oneByOne(): () => Promise<Done> {
  let last: Promise<unknown> = Promise.resolve()
  return async () => {
    const before = last
    const { promise, resolve } = Promise.withResolvers<void>()
    last = promise
    await before
    await new Promise(setImmediate)
    return resolve
  }
}

const noRoom = () => {
  const detail = 'Too many large bodies are arriving, so this one was not read. Send it again in a moment.'
  return unavailable(detail, undefined, { headers: { connection: 'close' } })
}

import { createFairLock } from '../fair-lock.ts'
import { countByOwner } from '../fair-room.ts'
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
/** `end` stops reading the body and answers with the problem. Bodies without an owner belong together. */
export type BodyRoom = {
  open(end: (problem: Problem) => void, owner?: string): ArrivingBody
  /** Resolves when a large body may be handled, and no other one is. */
  nextTurn(owner?: string): Promise<Done>
}

type Entry = { owner: string; bytes: number; isWhole: boolean; since: number; end: (problem: Problem) => void }

/** Handling a larger body takes time and memory, so such bodies are handled one by one. */
export const largeBytes = 64 * 1024

/** A large body is safe from other large ones for this long, so that the first of a flood of them arrive. */
const headStartMs = 2_000

/**
 * Bounds the bytes of all bodies that are arriving. Each counts for the bytes that have arrived, until it is read. When
 * there is no room left, a large body gets the 503: so a few large ones that trickle do not keep out small ones. If
 * another owner has more there than that of the newcomer, it is one of theirs. Large bodies are handed over one after
 * another, each when the one before it has been handled, and count until then; owners take turns.
 */
export function openBodyRoom(maxBytes: number): BodyRoom {
  const arriving = new Set<Entry>()
  const lock = createFairLock()
  const held = countByOwner()

  function remove(entry: Entry) {
    if (arriving.delete(entry)) held.hold(entry.owner, -entry.bytes)
  }

  /** The body that has to end so that `newcomer` can go on. */
  function victimOf(newcomer: Entry): Entry {
    let most = newcomer.owner
    for (const owner of held.owners()) if (held.of(owner) > held.of(most)) most = owner
    return most === newcomer.owner ? victimBeside(newcomer) : largestOf(most)
  }

  function largestOf(owner: string): Entry {
    const all = [...arriving].filter((entry) => entry.owner === owner)
    return all.reduce((largest, entry) => (entry.bytes > largest.bytes ? entry : largest))
  }

  /** The same, where nobody has more there than the owner of the newcomer. */
  function victimBeside(newcomer: Entry): Entry {
    const isSmall = newcomer.bytes <= largeBytes
    const before = performance.now() - headStartMs
    let found = newcomer
    for (const entry of arriving) {
      const mayGo = entry.owner === newcomer.owner && !entry.isWhole && (isSmall || entry.since <= before)
      if (mayGo && entry.bytes > found.bytes) found = entry
    }
    return found
  }

  async function nextTurn(owner = nobody): Promise<Done> {
    const release = await lock(owner)
    await new Promise(setImmediate)
    return release
  }

  return {
    nextTurn,
    open(end, owner = nobody) {
      const own: Entry = { owner, bytes: 0, isWhole: false, since: performance.now(), end }
      arriving.add(own)
      return {
        add(bytes) {
          if (!arriving.has(own)) return
          own.bytes += bytes
          held.hold(owner, bytes)
          while (held.all() > maxBytes) {
            const victim = victimOf(own)
            remove(victim)
            victim.end(noRoom())
            if (victim === own) return
          }
        },
        release: () => remove(own),
        turn() {
          own.isWhole = true
          return own.bytes > largeBytes ? nextTurn(owner) : undefined
        },
      }
    },
  }
}

const nobody = ''

const noRoom = () => {
  const detail = 'Too many large bodies are arriving, so this one was not read. Send it again in a moment.'
  return unavailable(detail, undefined, { headers: { connection: 'close' } })
}

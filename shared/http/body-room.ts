import { type Problem, unavailable } from './problem.ts'

/** Counts one body while it arrives. */
export type ArrivingBody = { add(bytes: number): void; release(): void }
/** `end` stops reading the body and answers with the problem. */
export type BodyRoom = { open(end: (problem: Problem) => void): ArrivingBody }

type Entry = { bytes: number; end: (problem: Problem) => void }

/**
 * Bounds the bytes of all bodies that are arriving. Each counts with what has arrived, and no longer once it is read.
 * When there is no room left, the largest body gets the 503, so that a few large ones that trickle do not keep out the
 * small ones.
 */
export function openBodyRoom(maxBytes: number): BodyRoom {
  const arriving = new Set<Entry>()
  let held = 0

  function remove(entry: Entry) {
    if (arriving.delete(entry)) held -= entry.bytes
  }

  function largest(): Entry | undefined {
    let found: Entry | undefined
    for (const entry of arriving) if (!found || entry.bytes > found.bytes) found = entry
    return found
  }

  return {
    open(end) {
      const own: Entry = { bytes: 0, end }
      arriving.add(own)
      return {
        add(bytes) {
          if (!arriving.has(own)) return
          own.bytes += bytes
          held += bytes
          while (held > maxBytes) {
            const victim = largest()
            if (!victim) return
            remove(victim)
            victim.end(noRoom())
          }
        },
        release: () => remove(own),
      }
    },
  }
}

const noRoom = () => {
  const detail = 'Too many large bodies are arriving, so this one was not read. Send it again in a moment.'
  return unavailable(detail, undefined, { connection: 'close' })
}

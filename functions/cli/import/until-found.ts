import { setTimeout as wait } from 'node:timers/promises'

const maxSearches = 8
/** How long a search may take. */
const timeoutMs = 120_000

/** Resolves with whether all activities were found in time. */
export async function untilFound(origin: string, ids: readonly string[]): Promise<boolean> {
  const rest = ids.values()
  const lookForSome = async () => {
    // all searches share one iterator, so each id is looked for once
    for (const id of rest) if (!(await isFoundInTime(origin, id))) return false
    return true
  }
  const found = await Promise.all(Array.from({ length: maxSearches }, lookForSome))
  return found.every(Boolean)
}

async function isFoundInTime(origin: string, id: string): Promise<boolean> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const response = await fetch(`${origin}/logs/${encodeURIComponent(id)}`).catch(() => undefined)
    await response?.arrayBuffer()
    if (response?.ok) return true
    if (Date.now() > deadline) return false
    await wait(50)
  }
}

import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { openSqliteStore } from '@activity-log/shared/store/sqlite.ts'
import { anEvent } from '@activity-log/shared/testing/builders.ts'
import { randomFrom } from '../seeded-random.ts'

const users = 10_000
const actions = 40
const batch = 1000
const newest = Date.UTC(2026, 0, 1)

/**
 * A rank from 0 to `count` - 1; low ranks are by far the most frequent, as with users and words (approximately Zipf's
 * law).
 */
const skewed = (random: () => number, count: number) => Math.min(count - 1, Math.floor(count ** random()) - 1)

/** Fills the store of a data folder with activities of a year. A store that exists already is left as it is. */
export async function fillStore(folder: string, count: number, onProgress: (done: number) => void): Promise<string> {
  await mkdir(folder, { recursive: true })
  const path = join(folder, 'store.db')
  if (existsSync(path)) return path
  const { next } = randomFrom('query')
  await using store = openSqliteStore({ path })
  for (let at = 0; at < count; at += batch) {
    const activities = Array.from({ length: Math.min(batch, count - at) }, (_, n) => {
      const offset = at + n
      // offsets are in the order of time, except for some activities that arrive late
      const late = next() < 0.01 ? next() * 86_400_000 : 0
      const ms = newest - 31_536_000_000 * (1 - offset / count) - late
      const event = anEvent({
        id: `query-${offset}`,
        userId: `user_${skewed(next, users)}`,
        action: `action.${skewed(next, actions)}`,
        timestamp: new Date(Math.floor(ms)).toISOString(),
        metadata: { n: offset, button: offset % 3 ? 'buy' : 'look', ip: `203.0.113.${offset % 256}` },
      })
      // partition 0 belongs to the embedded queue
      return { ...event, position: { partition: 1, offset } }
    })
    await store.save(activities)
    onProgress(at + activities.length)
  }
  return path
}

import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate } from 'node:timers/promises'
import type { RecordedActivity } from '@activity-log/shared/store/activities.ts'
import { openSqliteStore } from '@activity-log/shared/store/sqlite.ts'
import { anEvent } from '@activity-log/shared/testing/builders.ts'
import { randomFrom } from '../seeded-random.ts'

const users = 100_000
const dayMs = 86_400_000
export const days = 90
/** The log ends at the beginning of this day. */
export const endMs = Date.UTC(2026, 0, 1)
export const startMs = endMs - days * dayMs
const batch = 5000

/** Fifty actions; of each group, the first is by far the most frequent. */
const groups = { 'cart.': 5, 'page.': 5, 'login.': 5, 'search.': 5, 'order.': 5, 'file.': 10, 'mail.': 10, 'team.': 5 }
export const actions = Object.entries(groups).flatMap(([group, count]) =>
  Array.from({ length: count }, (_, n) => `${group}${n}`),
)

/** What each activity is about, in the order of arrival. */
export type MadeUpLog = { size: number; user: Uint32Array; action: Uint8Array; timeMs: Float64Array }

/** Low ranks are by far the most frequent (approximately Zipf's law). */
const skewed = (random: () => number, count: number) => Math.min(count - 1, Math.floor(count ** random()) - 1)

/** Makes the same log for the same size: activities of 90 days, of which one percent arrives up to a week late. */
export function makeUp(size: number): MadeUpLog {
  const { next } = randomFrom('scale')
  const log = { size, user: new Uint32Array(size), action: new Uint8Array(size), timeMs: new Float64Array(size) }
  for (let n = 0; n < size; n++) {
    const arrivedMs = arrivedAt(log, n)
    const lateMs = next() < 0.01 ? next() * 7 * dayMs : 0
    log.user[n] = skewed(next, users)
    log.action[n] = skewed(next, actions.length)
    log.timeMs[n] = Math.max(startMs, Math.floor(arrivedMs - lateMs))
  }
  return log
}

export const arrivedAt = ({ size }: Pick<MadeUpLog, 'size'>, n: number) =>
  Math.floor(startMs + (days * dayMs * n) / size)
export const userName = (user: number) => `user_${user}`
export const idOf = (n: number) => `made-up-${n}`

/** Activities that arrive in the same millisecond are in the order of these. */
export const sequenceOf = (n: number) => n % 1024

const metadataOf = (n: number) => ({
  ip: `203.0.113.${n % 256}`,
  path: `/items/${n % 9973}`,
  session: ((n * 7919) % 1_000_003).toString(36),
  agent: n % 3 ? 'Firefox/146.0 (Linux)' : 'Safari/26.2 (iPhone)',
  ms: n % 5000,
})

export function activityOf(log: MadeUpLog, n: number): RecordedActivity {
  const event = anEvent({
    id: idOf(n),
    userId: userName(log.user[n] as number),
    action: actions[log.action[n] as number] as string,
    timestamp: new Date(log.timeMs[n] as number).toISOString(),
    metadata: metadataOf(n),
  })
  // partition 0 belongs to the embedded queue
  const arrived = { recordedAt: new Date(arrivedAt(log, n)), sequence: sequenceOf(n) }
  return { ...event, ...arrived, position: { partition: 1, offset: n } }
}

/** Saves the log in a data folder, unless it is there. */
export async function fillFolder(folder: string, log: MadeUpLog, onProgress: (done: number) => void): Promise<void> {
  if (existsSync(join(folder, 'store.db'))) return
  // a run that was stopped leaves nothing that looks complete
  const unfinished = `${folder}.unfinished`
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished, { recursive: true })
  await save(join(unfinished, 'store.db'), log, onProgress)
  await rename(unfinished, folder)
}

async function save(path: string, log: MadeUpLog, onProgress: (done: number) => void) {
  await using store = openSqliteStore({ path })
  for (let at = 0; at < log.size; at += batch) {
    const length = Math.min(batch, log.size - at)
    await store.save(Array.from({ length }, (_, n) => activityOf(log, at + n)))
    // without a turn of the event loop in between, the ledger would never be compacted
    await setImmediate()
    onProgress(at + length)
  }
}

/** Saves the same rows in a table that an engineer writes in an afternoon, unless it is there. */
export function fillPlainTable(path: string, log: MadeUpLog): void {
  if (existsSync(path)) return
  using db = new DatabaseSync(path)
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -200000;
    CREATE TABLE activities (n INTEGER PRIMARY KEY, id TEXT NOT NULL, user TEXT NOT NULL, action TEXT NOT NULL,
      time INTEGER NOT NULL, metadata TEXT NOT NULL);
    BEGIN`)
  const insert = db.prepare('INSERT INTO activities VALUES (?, ?, ?, ?, ?, ?)')
  for (let n = 0; n < log.size; n++) {
    const [user, action] = [userName(log.user[n] as number), actions[log.action[n] as number] as string]
    insert.run(n, idOf(n), user, action, log.timeMs[n] as number, JSON.stringify(metadataOf(n)))
  }
  db.exec(`COMMIT;
    CREATE UNIQUE INDEX byId ON activities (id);
    CREATE INDEX byTime ON activities (time);
    CREATE INDEX byUser ON activities (user, time);
    CREATE INDEX byAction ON activities (action, time);
    CREATE INDEX byUserAction ON activities (user, action, time)`)
}

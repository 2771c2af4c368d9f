import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isDeepStrictEqual } from 'node:util'
import type { SentActivity } from '@activity-log/shared/activity.ts'
import type { FoundActivity } from '@activity-log/shared/document.ts'
import { checkCounts } from '@activity-log/shared/store/sqlite-check.ts'
import { type Answer, post } from '@activity-log/shared/testing/builders.ts'

/** Sends a request to a log, with or without a socket. */
export type Ask = (path: string, init?: RequestInit) => Promise<Response>

export type Verdict = { lost: readonly string[]; twice: readonly string[]; changed: readonly string[] }

export const holds = ({ lost, twice, changed }: Verdict) => lost.length + twice.length + changed.length === 0

/**
 * Checks the integrity of the two files of a stopped log, without changing them; 'ok' means that a file is intact, and
 * that its counters agree with its activities.
 */
export function integrityOf(folder: string): { [file: string]: string } {
  const said = ['queue.db', 'store.db'].map((file) => {
    // when a connection that may write closes, it recovers the file, and the log would have nothing left to recover
    const db = new DatabaseSync(join(folder, file), { readOnly: true })
    try {
      const rows = db.prepare('PRAGMA integrity_check').all()
      const isStore = file === 'store.db' && db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'counts'").get()
      const wrong = isStore ? [...checkCounts(db)].flatMap(({ differences }) => differences) : []
      const said = rows.map((row) => row['integrity_check'])
      return [file, [...said, ...wrong.map(({ what }) => `the counter of ${what} is wrong`)].join('; ')]
    } finally {
      db.close()
    }
  })
  return Object.fromEntries(said)
}

/** Resolves when everything that was acknowledged before has been delivered, since records are delivered in order. */
export async function delivered(ask: Ask, markerId: string): Promise<void> {
  const marker = { id: markerId, userId: 'marker', action: 'come_last' }
  const { status } = await ask('/logs', post(marker))
  if (status !== 202) throw new Error(`The log answered the marker with ${status}`)
  while ((await ask(`/logs/${markerId}`)).status !== 200) await new Promise(setImmediate)
}

/** Everything that the log lists for a user, by id, as often as it is listed. */
export async function listed(ask: Ask, userId: string): Promise<Map<string, FoundActivity[]>> {
  const found = new Map<string, FoundActivity[]>()
  for (let next: string | null = `/logs?userId=${userId}&limit=1000&count=none`; next; ) {
    const page = (await (await ask(next)).json()) as Answer
    for (const activity of page.data) found.set(activity.id, [...(found.get(activity.id) ?? []), activity])
    next = page.next
  }
  return found
}

/** Acknowledged: found once, as it was sent. Unknown: found at most once. */
export function judge(
  sent: ReadonlyMap<string, { activity: SentActivity; acknowledged: boolean }>,
  found: ReadonlyMap<string, readonly FoundActivity[]>,
): Verdict {
  const lost = [...sent].filter(([id, { acknowledged }]) => acknowledged && !found.has(id)).map(([id]) => id)
  const twice = [...found].filter(([, those]) => those.length > 1).map(([id]) => id)
  const changed = [...found].flatMap(([id, [first]]) => {
    const { recordedAt: _recordedAt, ...activity } = first as FoundActivity
    return isDeepStrictEqual(activity, sent.get(id)?.activity) ? [] : [id]
  })
  return { lost, twice, changed }
}

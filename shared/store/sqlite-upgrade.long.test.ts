import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { arrivalOf, type HashId, hashId, toKey } from '../key.ts'
import { type CountedRange, joinRanges, openRanges, summarize, toRanges } from '../ledger-summary.ts'
import { aFolder, startProgram } from '../testing/processes.ts'
import { aStoreFile } from '../testing/sqlite-test-store.ts'
import { parseTimestamp } from '../timestamp.ts'
import { openSqliteStore } from './sqlite.ts'
import { migrations } from './sqlite-migrations.ts'
import { upgradeSqliteStore } from './sqlite-upgrade.ts'

type Row = { [column: string]: string | number | null }
type Former = {
  [table in 'activities' | 'fates' | 'books' | 'deadLetters']: Row[]
}

/** The store in a data folder that a released version wrote. */
function aFormerStore(): string {
  const fixture = join(import.meta.dirname, '../testing/fixtures/820e461/data-folder.ndjson.gz')
  const lines = gunzipSync(readFileSync(fixture)).toString().trim().split('\n')
  const folder = aFolder()
  for (const { file, base64 } of lines.map((line) => JSON.parse(line))) {
    if (file?.startsWith('store.db')) writeFileSync(join(folder, file), Buffer.from(base64, 'base64'))
  }
  return join(folder, 'store.db')
}

function rowsIn(path: string, table: string): Row[] {
  using db = new DatabaseSync(path)
  return db.prepare(`SELECT * FROM ${table}`).all() as Row[]
}

function rowsOf(path: string): Former {
  const all = (table: string) => rowsIn(path, table)
  return { activities: all('activities'), fates: all('fates'), books: all('books'), deadLetters: all('deadLetters') }
}

/** Everything in all tables of the file. */
function dump(path: string): string {
  using db = new DatabaseSync(path)
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all()
  return JSON.stringify(tables.map(({ name }) => [name, db.prepare(`SELECT * FROM ${name}`).all()]))
}

const upgrade = (path: string, options: { batch?: number; hash?: HashId } = {}) =>
  upgradeSqliteStore({ path, onProgress: () => {}, ...options })
const named = (name: unknown) => (name === 'refused' ? 'rejected' : name)

describe('the upgrade of a store of an earlier version', () => {
  test('keeps every activity, outcome, dead letter and gap', async () => {
    const path = aFormerStore()
    const { activities, fates, books, deadLetters } = rowsOf(path)
    expect(activities.length).toBeGreaterThan(500)
    expect(Math.min(fates.length, books.length, deadLetters.length)).toBeGreaterThan(0)
    const progress: number[] = []
    await upgradeSqliteStore({ path, batch: 100, onProgress: ({ left }) => progress.push(left) })
    expect(progress.at(-1)).toBe(0)

    await using store = openSqliteStore({ path })
    for (const { tenant, id, userId, action, metadata, timestampMs, timestampText, ...others } of activities) {
      const found = await store.get(tenant as string, id as string)
      const timestamp = timestampText ?? new Date(timestampMs as number).toISOString().replace('.000Z', 'Z')
      const { nanoseconds } = parseTimestamp(timestamp as string) as { nanoseconds: bigint }
      const arrival = arrivalOf(others['recordedAtMs'] as number, 0)
      expect(found).toEqual({
        key: toKey({ instant: nanoseconds, arrival, hash: hashId(tenant as string, id as string) }),
        activity: {
          id,
          userId,
          action,
          timestamp,
          ...(metadata !== null && { metadataText: metadata }),
          recordedAt: new Date(others['recordedAtMs'] as number).toISOString(),
        },
        position: { partition: others['partition'], offset: others['offset'] },
      })
      const position = { partition: others['partition'] as number, offset: others['offset'] as number }
      const recordedAt = new Date(others['recordedAtMs'] as number)
      if (position.partition >= 0) {
        expect(await store.outcome({ position, recordedAt })).toMatchObject({ outcome: 'stored', activityId: id })
      }
    }
    expect(rowsIn(path, 'outcomes')).toEqual(fates.map(({ fate, ...row }) => ({ ...row, outcome: named(fate) })))
    for (const { tenant, id, reason, resolution, ...others } of deadLetters) {
      const kept = await store.getDeadLetter(tenant as string, id as string)
      expect(kept).toMatchObject({ id, reason: named(reason), body: others['body'], attempts: others['attempts'] })
      expect(kept?.resolution?.state).toBe(resolution === null ? undefined : JSON.parse(resolution as string).state)
    }
    expect((await store.ledger()).partitions).toEqual(partitionsOf({ activities, fates, books, deadLetters }))
    expect(dump(path)).not.toContain('former')
  })

  test('is complete after a crash at any of twenty moments', { timeout: 120_000 }, async () => {
    const source = aFormerStore()
    // this copies what is in the log of the file, too
    new DatabaseSync(source).close()
    const whole = aStoreFile()
    copyFileSync(source, whole)
    await upgrade(whole)
    const expected = dump(whole)
    const stopped = new Set<number>()
    for (let moment = 0; moment < 20; moment++) {
      const path = aStoreFile()
      copyFileSync(source, path)
      await using running = startProgram('shared/testing/upgrade-in-steps.ts', {}, path, '20')
      await new Promise<void>((resolve) => {
        const look = () => running.output().split('\n').length > 1 + moment * 2 && resolve()
        running.child.stdout?.on('data', look)
        void running.ended.then(() => resolve())
      })
      running.child.kill('SIGKILL')
      expect(await running.ended).toBe('SIGKILL')
      stopped.add(moved(path))
      await upgrade(path, { batch: 50 })
      expect(dump(path)).toBe(expected)
    }
    expect(stopped.size).toBeGreaterThan(10)
  })

  /** A store of the earlier version with these activities. */
  function aStoreWith(...rows: readonly Row[]): string {
    const path = aStoreFile()
    using db = new DatabaseSync(path)
    for (const migration of migrations.slice(0, 3)) db.exec(migration)
    db.exec('PRAGMA user_version = 3')
    const insert = db.prepare('INSERT INTO activities VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
    for (const [n, row] of rows.entries()) {
      const usual = { key: `${n}`, tenant: 'default', id: `id-${n}`, userId: 'ann', action: 'login', timestampMs: 0 }
      const others = { timestampText: null, metadata: null, recordedAtMs: 0, partition: 0, offset: n, digest: 'x' }
      insert.run(...Object.values({ ...usual, ...others, ...row }))
    }
    return path
  }
  const listed = async (path: string) => {
    await using store = openSqliteStore({ path })
    const found = await store.find({ filter: { tenant: 'default' }, order: 'asc', limit: 100 })
    return found.map(({ activity, position }) => ({ id: activity.id, position }))
  }

  test('orders by the nanoseconds of the text, and a leap second with the next second', async () => {
    const second = Date.UTC(2017, 0, 1)
    const path = aStoreWith(
      { id: 'after', timestampMs: second + 500, timestampText: '2017-01-01T00:00:00.500000002Z' },
      { id: 'leap', timestampMs: second + 500, timestampText: '2016-12-31T23:59:60.500000001Z' },
      { id: 'before', timestampMs: second + 500 },
    )
    await upgrade(path)
    expect((await listed(path)).map(({ id }) => id)).toEqual(['before', 'leap', 'after'])
  })

  test('keeps positions that are unknown or used twice', async () => {
    const path = aStoreWith(
      { id: 'a', timestampMs: 1, offset: 7 },
      { id: 'b', timestampMs: 2, offset: 7 },
      { id: 'c', timestampMs: 3, partition: -1, offset: 7 },
    )
    await upgrade(path, { batch: 1 })
    const position = { partition: 0, offset: 7 }
    expect(await listed(path)).toEqual([
      { id: 'a', position },
      { id: 'b', position },
      { id: 'c', position: { partition: -1, offset: 7 } },
    ])
  })

  test('keeps both of two activities whose hashes collide', async () => {
    const path = aStoreWith({ id: 'a' }, { id: 'b' })
    await upgrade(path, { hash: () => Buffer.alloc(16) })
    expect((await listed(path)).map(({ id }) => id)).toEqual(['a', 'b'])
  })
})

/** How many activities are in the present table. */
function moved(path: string): number {
  using db = new DatabaseSync(path)
  const table = db.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'formerActivities'").get()
  return table?.['n'] ? Number(db.prepare('SELECT count(*) AS n FROM activities').get()?.['n']) : -1
}

/** Returns the ledger that the earlier version had of each partition. */
function partitionsOf({ activities, fates, books }: Former) {
  const partitions = new Set([...activities, ...fates, ...books].map(({ partition }) => partition as number))
  return [...partitions]
    .filter((partition) => partition >= 0)
    .toSorted((one, other) => one - other)
    .map((partition) => {
      const text = books.find((book) => book['partition'] === partition)?.['spans']
      const compacted: CountedRange[] = (text ? JSON.parse(text as string) : []).map(
        ({ counts: { refused, ...counts }, ...ends }: { counts: { refused: number } }) => ({
          ...ends,
          counts: { ...counts, rejected: refused },
        }),
      )
      const isOpen = (offset: number) =>
        openRanges(compacted).some(({ first, last = Number.MAX_SAFE_INTEGER }) => first <= offset && offset <= last)
      const known = [
        ...activities.map(({ partition, offset }) => ({ partition, offset, outcome: 'stored' })),
        ...fates.map(({ partition, offset, fate }) => ({ partition, offset, outcome: named(fate) })),
      ]
        .filter((one) => one.partition === partition && isOpen(one.offset as number))
        .toSorted((one, other) => (one.offset as number) - (other.offset as number))
      return summarize(partition, joinRanges(compacted, toRanges(known as never)), false)
    })
}

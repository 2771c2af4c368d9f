import type { EventRecord } from '../activity-recorded.ts'
import type { Position } from '../receipt.ts'
import { openSqliteFile, transaction } from '../sqlite/file.ts'
import type { Broker } from './broker.ts'

/** It has one partition. */
const partition = 0

const migrations = [
  // AUTOINCREMENT: an offset is never given twice, even after the records are gone
  `CREATE TABLE records (
     offset INTEGER PRIMARY KEY AUTOINCREMENT,
     headers TEXT NOT NULL,
     value BLOB NOT NULL
   ) STRICT;
   CREATE TABLE deadLetters (
     offset INTEGER PRIMARY KEY AUTOINCREMENT,
     headers TEXT NOT NULL,
     value BLOB NOT NULL
   ) STRICT;`,
]

export type QueuedRecord = { position: Position; headers: EventRecord['headers']; value: Uint8Array }

/** The broker, and what the embedded dispatcher needs of it. */
export interface EmbeddedBroker extends Broker {
  /** The first records at or after an offset whose outcome is not known yet. */
  read(fromOffset: number, limit: number): QueuedRecord[]
  /** The outcome of these is known: they go. They may come again after a crash of the machine, which is harmless. */
  settle(offsets: readonly number[]): void
  /** Moves a record to the dead-letter topic, in one step, with further headers. */
  bury(record: QueuedRecord, headers: EventRecord['headers']): void
  deadLetters(): QueuedRecord[]
  /** Calls back whenever there may be something new to read. */
  onPublished(listener: () => void): void
}

type Row = { offset: number; headers: string; value: Uint8Array }

/** A queue in a SQLite file: a record is on disk before `publish` resolves. */
export function openEmbeddedBroker({ path }: { path: string }): EmbeddedBroker {
  const db = openSqliteFile({ path, migrations })
  // deletions may be lost with the machine, since a second delivery is harmless: they need no sync of their own
  const tail = path === ':memory:' ? db : openSqliteFile({ path, migrations, synchronous: 'NORMAL' })
  const append = db.prepare('INSERT INTO records (headers, value) VALUES (?, ?)')
  const readFrom = tail.prepare('SELECT offset, headers, value FROM records WHERE offset >= ? ORDER BY offset LIMIT ?')
  const remove = tail.prepare('DELETE FROM records WHERE offset = ?')
  const appendDeadLetter = db.prepare('INSERT INTO deadLetters (headers, value) VALUES (?, ?)')
  const removeDurably = db.prepare('DELETE FROM records WHERE offset = ?')
  let published = () => {}

  const toQueued = ({ offset, headers, value }: Row): QueuedRecord => ({
    position: { partition, offset },
    headers: JSON.parse(headers),
    value,
  })

  return {
    async publish(records) {
      const positions = transaction(db, () =>
        records.map(({ headers, value }) => {
          const { lastInsertRowid } = append.run(JSON.stringify(headers), Buffer.from(value))
          return { partition, offset: Number(lastInsertRowid) }
        }),
      )
      published()
      return positions
    },
    read: (fromOffset, limit) => (readFrom.all(fromOffset, limit) as Row[]).map(toQueued),
    settle(offsets) {
      transaction(tail, () => {
        for (const offset of offsets) remove.run(offset)
      })
    },
    bury({ position, headers, value }, further) {
      transaction(db, () => {
        appendDeadLetter.run(JSON.stringify({ ...headers, ...further }), value)
        removeDurably.run(position.offset)
      })
    },
    deadLetters: () => (db.prepare('SELECT * FROM deadLetters ORDER BY offset').all() as Row[]).map(toQueued),
    onPublished(listener) {
      published = listener
    },
    async [Symbol.asyncDispose]() {
      if (tail !== db) tail.close()
      db.close()
    },
  }
}

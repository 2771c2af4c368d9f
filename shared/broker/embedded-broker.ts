import type { DatabaseSync } from 'node:sqlite'
import type { EventRecord } from '../activity-recorded.ts'
import { createFairRoom } from '../fair-room.ts'
import type { Position } from '../receipt.ts'
import { openSqliteFile, transaction } from '../sqlite/file.ts'
import type { Broker } from './broker.ts'
import { ownerInSql, ownerOf } from './record-owner.ts'
import { allowShrinking, startShrinking } from './shrink-queue.ts'

const bytesInSql = 'octet_length(headers) + octet_length(value)'

/** The queue has one partition. */
const partition = 0

const migrations = [
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

/** The part of a queue that a dispatcher reads from. */
export interface Queue {
  /**
   * Returns the first records at or after an offset whose outcome is not known yet: at most `limit`, and no more after
   * one with which they have `maxBytes`.
   */
  read(fromOffset: number, limit: number, maxBytes?: number): QueuedRecord[]
  /** Removes records whose outcome is known. They may come back after a crash of the machine, which is harmless. */
  settle(offsets: readonly number[]): void
  /**
   * Calls back whenever there may be something new to read; perhaps with everything since the last call, in the order of
   * the offsets and in the turn of its commit.
   */
  onPublished(listener: (published?: readonly QueuedRecord[]) => void): void
}

/** A broker that holds its topic and its dead-letter topic. */
export interface EmbeddedBroker extends Required<Broker>, Queue {
  /** Moves a record to the dead letters in one transaction, with additional headers and its original position. */
  deadLetter(record: QueuedRecord, headers: EventRecord['headers']): void
  deadLetters: Queue
}

type Row = { offset: number; headers: string; value: Uint8Array }
type Table = 'records' | 'deadLetters'

export type EmbeddedBrokerOptions = {
  path: string
  /**
   * How many records of one owner may wait for their delivery, and how many bytes; those of all owners together are a
   * quarter more (`createFairRoom`). Beyond either limit there is no room, so senders wait and the disk does not fill.
   */
  maxRecords?: number
  maxBytes?: number
  /** How long after records were removed the file gives its free pages back. */
  shrinkAfterMs?: number
}

/** Opens a queue in a SQLite file. A record is on disk before `publish` resolves. */
export function openEmbeddedBroker({
  path,
  maxRecords = 50_000,
  maxBytes = 64 * 1024 * 1024,
  shrinkAfterMs,
}: EmbeddedBrokerOptions): EmbeddedBroker {
  const db = openSqliteFile({ path, migrations, canShrink: true })
  allowShrinking(db)
  // a crash of the machine may undo deletions, which need no sync of their own because a second delivery is harmless
  const tail = path === ':memory:' ? db : openSqliteFile({ path, migrations, synchronous: 'NORMAL' })
  const appendRecord = db.prepare('INSERT INTO records VALUES (?, ?, ?)')
  const appendDeadLetter = db.prepare('INSERT INTO deadLetters (headers, value) VALUES (?, ?)')
  const removeDurably = db.prepare(
    `DELETE FROM records WHERE offset = ?
     RETURNING ${ownerInSql} AS owner, 1 AS records, ${bytesInSql} AS bytes`,
  )
  const held = heldIn(db, { maxRecords, maxBytes })
  const shrinking = startShrinking(tail, held.bytes, shrinkAfterMs)
  const records = queueOf(tail, 'records', (removed) => {
    for (const each of removed) held.release(each)
    shrinking.removed()
  })
  const deadLetters = queueOf(tail, 'deadLetters', () => {})
  let nextOffset = offsetAfterAll(db)

  return {
    ...records,
    deadLetters,
    hasRoom: held.hasRoom,
    async publish(published) {
      const positions = published.map((_record, index) => ({ partition, offset: nextOffset + index }))
      const added: Held[] = []
      const queued: QueuedRecord[] = []
      transaction(db, () => {
        published.forEach(({ headers, value }, index) => {
          const headersText = JSON.stringify(headers)
          const bytes = Buffer.from(value)
          appendRecord.run(nextOffset + index, headersText, bytes)
          queued.push({ position: positions[index] as Position, headers, value: bytes })
          added.push({
            owner: ownerOf({ headers }),
            records: 1,
            bytes: Buffer.byteLength(headersText) + bytes.byteLength,
          })
        })
      })
      for (const each of added) held.hold(each)
      nextOffset += published.length
      records.tell(queued)
      return positions
    },
    deadLetter({ position, headers, value }, further) {
      const place = { ce_recordpartition: String(position.partition), ce_recordoffset: String(position.offset) }
      let removed: Held | undefined
      transaction(db, () => {
        appendDeadLetter.run(JSON.stringify({ ...headers, ...further, ...place }), value)
        removed = removeDurably.get(position.offset) as Held | undefined
      })
      if (removed) held.release(removed)
      deadLetters.tell()
    },
    async [Symbol.asyncDispose]() {
      shrinking[Symbol.dispose]()
      if (tail !== db) tail.close()
      db.close()
    },
  }
}

/** An offset is never given twice, even after all records are gone, because SQLite remembers the greatest. */
function offsetAfterAll(db: DatabaseSync): number {
  const last = db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'records'").get() as { seq: number } | undefined
  return last ? last.seq + 1 : 0
}

export type QueuedOffsets = {
  /** The offset of the next record. */
  next: number
  /** No record below this offset waits for its delivery. */
  settledBelow: number
  /** Whether dead letters wait for their delivery. */
  hasDeadLetters: boolean
}

/** Returns what the database of a queue has given out and delivered. */
export function queuedOffsets(db: DatabaseSync): QueuedOffsets {
  const next = offsetAfterAll(db)
  const { first } = db.prepare('SELECT min(offset) AS first FROM records').get() as { first: number | null }
  const hasDeadLetters = db.prepare('SELECT 1 FROM deadLetters LIMIT 1').get() !== undefined
  return { next, settledBelow: first ?? next, hasDeadLetters }
}

/** What the records of one owner take. */
type Held = { owner: string; records: number; bytes: number }

const heldOf = (table: Table) =>
  `SELECT ${ownerInSql} AS owner, count(*) AS records, sum(${bytesInSql}) AS bytes FROM ${table}`

/** Counts what is in the queue. */
function heldIn(db: DatabaseSync, max: { maxRecords: number; maxBytes: number }) {
  const records = createFairRoom(max.maxRecords)
  const bytes = createFairRoom(max.maxBytes)
  let allBytes = 0
  function change({ owner, ...held }: Held, sign: 1 | -1) {
    records.hold(owner, sign * held.records)
    bytes.hold(owner, sign * held.bytes)
    allBytes += sign * held.bytes
  }
  for (const held of db.prepare(`${heldOf('records')} GROUP BY owner`).all() as Held[]) change(held, 1)
  return {
    bytes: () => allBytes,
    hasRoom: (owner: string, moreRecords: number, moreBytes: number) =>
      records.hasRoom(owner, moreRecords) && bytes.hasRoom(owner, moreBytes),
    hold: (held: Held) => change(held, 1),
    release: (held: Held) => change(held, -1),
  }
}

function queueOf(
  db: DatabaseSync,
  table: Table,
  onRemoved: (removed: readonly Held[]) => void,
): Queue & { tell(published?: readonly QueuedRecord[]): void } {
  const readFrom = db.prepare(`SELECT offset, headers, value FROM ${table} WHERE offset >= ? ORDER BY offset LIMIT ?`)
  const within = 'WHERE offset BETWEEN ? AND ?'
  const count = db.prepare(`${heldOf(table)} ${within} GROUP BY owner`)
  const remove = db.prepare(`DELETE FROM ${table} ${within}`)
  let listener = (_published?: readonly QueuedRecord[]) => {}
  return {
    read(fromOffset, limit, maxBytes = Number.POSITIVE_INFINITY) {
      const records: QueuedRecord[] = []
      let bytes = 0
      for (const row of readFrom.iterate(fromOffset, limit)) {
        const { offset, headers, value } = row as Row
        records.push({ position: { partition, offset }, headers: JSON.parse(headers), value })
        bytes += headers.length + value.byteLength
        if (bytes >= maxBytes) break
      }
      return records
    },
    settle(offsets) {
      const removed: Held[] = []
      transaction(db, () => {
        for (const [first, last] of rangesOf(offsets)) {
          removed.push(...(count.all(first, last) as Held[]))
          remove.run(first, last)
        }
      })
      onRemoved(removed)
    },
    onPublished(told) {
      listener = told
    },
    tell: (published) => listener(published),
  }
}

/** The ranges of neighbors among offsets; most records are settled next to each other. */
function rangesOf(offsets: readonly number[]): [first: number, last: number][] {
  const ranges: [number, number][] = []
  for (const offset of Float64Array.from(offsets).sort()) {
    const range = ranges.at(-1)
    if (range && offset <= range[1] + 1) range[1] = offset
    else ranges.push([offset, offset])
  }
  return ranges
}

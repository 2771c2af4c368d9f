import { createApp as createPersist } from '@activity-log/persist/app.ts'
import { createApp as createQuery } from '@activity-log/query/app.ts'
import { openMongoStore } from '@activity-log/shared/store/mongo.ts'
import { collections } from '@activity-log/shared/store/mongo-documents.ts'
import { migrateMongo } from '@activity-log/shared/store/mongo-migrate.ts'
import { type Answer, aRecord, delivery, silent } from '@activity-log/shared/testing/builders.ts'
import { aDatabase, type TestDatabase } from '@activity-log/shared/testing/mongodb.ts'
import { startProgram } from '@activity-log/shared/testing/processes.ts'
import { mongodbUri } from '@activity-log/shared/testing/servers.ts'
import { BSON, type Document } from 'mongodb'
import { expect, test } from 'vitest'
import { readFixture } from './fixtures.ts'
import { type DumpLine, load } from './frozen-mongo.ts'

const dumped = readFixture<DumpLine>('mongodb')
const before = (name: string): Document[] =>
  dumped.flatMap((line) =>
    'document' in line && line.collection === name
      ? [BSON.EJSON.deserialize(line.document, { relaxed: true }) as Document]
      : [],
  )
/** The dump has no gap. */
const withGap = { _id: 99, version: 3, spans: [rangeOf(0, 4, 5), rangeOf(7, 9, 1)] }
function rangeOf(first: number, last: number, refused: number) {
  return { first, last, counts: { stored: 0, duplicate: 0, conflict: 0, refused } }
}

async function aFormerDatabase(): Promise<TestDatabase> {
  const database = aDatabase()
  await load(database.db, dumped)
  await database.db.collection<{ _id: number }>('books').insertOne(structuredClone(withGap))
  return database
}

const optionsOf = ({ name }: TestDatabase) => ({ uri: mongodbUri, database: name })
const migrate = (database: TestDatabase) => migrateMongo({ ...optionsOf(database), retentionDays: undefined })
const open = (database: TestDatabase) => openMongoStore({ ...optionsOf(database), log: silent })

test('every activity, outcome, dead letter and gap of the frozen database is there after the migration', async () => {
  await using database = await aFormerDatabase()
  await migrate(database)
  await using store = open(database)

  const activities = before('activities')
  expect(activities.length).toBeGreaterThan(600)
  const found = new Map<string, Document>()
  for (const { tenant, id } of activities) found.set(`${tenant} ${id}`, (await store.get(tenant, id)) ?? {})
  for (const old of activities) {
    const { activity, position } = found.get(`${old['tenant']} ${old['id']}`) as Document
    const { userId, action, timestamp, timestampText, metadata, metadataText, recordedAt, partition, offset } = old
    expect(activity).toMatchObject({ userId, action, recordedAt: recordedAt.toISOString() })
    if (timestampText) expect(activity.timestamp).toBe(timestampText)
    else expect(Date.parse(activity.timestamp)).toBe(timestamp.getTime())
    expect(activity.metadataText).toBe(metadataText ?? (metadata && JSON.stringify(metadata)))
    expect(position).toEqual({ partition, offset })
    const kept = { outcome: 'stored', tenant: old['tenant'], activityId: old['id'] }
    if (partition >= 0) expect(await store.outcome({ position, recordedAt })).toEqual(kept)
  }

  const outcomes = before('fates')
  expect(outcomes.length).toBeGreaterThan(10)
  for (const { partition, offset, fate, tenant, activityId, deadLetter, recordedAt = new Date(0) } of outcomes) {
    const expected = { outcome: fate === 'refused' ? 'rejected' : fate, tenant }
    const receipt = { position: { partition, offset }, recordedAt }
    expect(await store.outcome(receipt)).toEqual({
      ...expected,
      ...(activityId && { activityId }),
      ...(deadLetter && { deadLetter }),
    })
  }

  const letters = before('deadLetters')
  expect(letters.length).toBeGreaterThan(10)
  for (const { _id, tenant, reason, body, headers, attempts, firstAt, resolution } of letters) {
    expect(await store.getDeadLetter(tenant, _id)).toMatchObject({
      reason: reason === 'refused' ? 'rejected' : reason,
      body: Uint8Array.from(body.value()),
      headers: Object.fromEntries(headers),
      attempts,
      firstAt,
      ...(resolution && { resolution }),
    })
  }

  const { partitions } = await store.ledger()
  expect(partitions).toHaveLength(before('books').length + 1)
  for (const { _id, spans } of before('books')) {
    const [{ counts }] = spans
    const { refused, ...others } = counts
    expect(partitions.find(({ partition }) => partition === _id)).toMatchObject({
      counts: { ...others, rejected: refused },
    })
  }
  expect(partitions.at(-1)).toMatchObject({
    partition: 99,
    missing: [{ first: 5, last: 6 }],
    counts: { rejected: 6 },
    abandoned: 2,
  })
})

test('a redelivery of a migrated dead letter counts another attempt', async () => {
  await using database = await aFormerDatabase()
  await migrate(database)
  await using store = openMongoStore({ ...optionsOf(database), log: silent, migrate: { retentionDays: undefined } })
  const { _id, tenant, attempts } = before('deadLetters').find(({ reason }) => reason === 'refused') as Document
  const kept = await store.getDeadLetter(tenant, _id)
  await store.deadLetter([{ ...kept!, at: new Date() }])
  expect(await store.getDeadLetter(tenant, _id)).toMatchObject({ attempts: attempts + 1 })
})

test('persist and query answer 503 over the former format, and name the command', async () => {
  await using database = await aFormerDatabase()
  await using store = open(database)
  const now = () => new Date()
  const query = createQuery({ store, log: silent, now })
  const persist = createPersist({ store, log: silent, now })
  const answers = [
    await query.fetch(new Request('http://query/logs')),
    await query.fetch(new Request('http://query/logs/a')),
    await query.fetch(new Request('http://query/ledger')),
    await persist.fetch(new Request('http://persist/', delivery(aRecord()))),
  ]
  for (const answer of answers) {
    expect(answer.status).toBe(503)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(((await answer.json()) as Answer).detail).toContain('npm run log -- migrate')
  }
})

const copiedKinds = [collections.activities, collections.outcomes, collections.deadLetters, collections.ledger]

/** How far a migration has come: documents first, then indexes, then the format. */
async function progressIn({ db }: TestDatabase): Promise<number> {
  const counts = await Promise.all(copiedKinds.map((name) => db.collection(name).countDocuments()))
  const indexes = await db
    .collection(collections.activities)
    .indexes()
    .catch(() => [])
  const format = await db.collection<{ _id: string }>(collections.meta).findOne({ _id: 'format' })
  return counts.reduce((sum, n) => sum + n, 0) + (indexes.length > 1 ? 1 : 0) + (format ? 1 : 0)
}

const kills = 20

test('a migration that is killed at any moment is complete when the command is run again', {
  timeout: 300_000,
}, async () => {
  const wanted = [...before('activities'), ...before('fates'), ...before('deadLetters'), ...before('books'), withGap]
  let whileCopying = 0
  for (let kill = 0; kill < kills; kill++) {
    await using database = await aFormerDatabase()
    // the last two moments are after the indexes were made and after the format was declared
    const moment = Math.ceil((wanted.length + 2) * (kill / (kills - 1)))
    {
      const env = { MONGODB_URI: mongodbUri, MONGODB_DATABASE: database.name, RETENTION_DAYS: '' }
      await using program = startProgram('functions/cli/main.ts', env, 'migrate', '--batch-size', '5')
      let hasEnded = false
      void program.ended.then(() => {
        hasEnded = true
      })
      while (!hasEnded && (await progressIn(database)) < moment);
      program.child.kill('SIGKILL')
      await program.ended
    }
    const copied = await progressIn(database)
    if (copied > 0 && copied < wanted.length) whileCopying++
    await migrate(database)
    const counts = copiedKinds.map((name) => database.db.collection(name).countDocuments())
    expect((await Promise.all(counts)).reduce((sum, n) => sum + n, 0)).toBe(wanted.length)
    await using store = open(database)
    const ids = new Set<string>()
    for (let after: string | undefined; ; ) {
      const query = { filter: { tenant: 'default' }, order: 'asc', limit: 1000 } as const
      const found = await store.find({ ...query, ...(after !== undefined && { after }) })
      for (const { activity } of found) ids.add(activity.id)
      after = found.at(-1)?.key
      if (after === undefined) break
    }
    const expected = before('activities').filter(({ tenant }) => tenant === 'default')
    expect(ids).toEqual(new Set(expected.map(({ id }) => id)))
    expect(await migrate(database)).toEqual([])
  }
  expect(whileCopying).toBeGreaterThan(kills / 2)
})

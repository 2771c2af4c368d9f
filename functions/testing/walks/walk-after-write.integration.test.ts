import { openMongoStore } from '@activity-log/shared/store/mongo.ts'
import { silent } from '@activity-log/shared/testing/builders.ts'
import { aDatabase } from '@activity-log/shared/testing/mongodb.ts'
import { mongodbUri } from '@activity-log/shared/testing/servers.ts'
import { openTestStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { describe, expect, test } from 'vitest'
import { walkAfterWrites } from './walk-after-write.ts'

function openTestMongo() {
  const database = aDatabase()
  const migrate = { retentionDays: undefined }
  const store = openMongoStore({ uri: mongodbUri, database: database.name, log: silent, migrate })
  return { store, database }
}

describe.each(['SQLite', 'MongoDB'])('over %s', (name) => {
  const open = () => (name === 'SQLite' ? { store: openTestStore(), database: undefined } : openTestMongo())

  test('1,000 of 1,000 walks have what was visible before them', { timeout: 300_000 }, async () => {
    const { store: opened, database } = open()
    await using _database = database
    await using store = opened
    const { wrong, pinned } = await walkAfterWrites({ store, runs: 1000, delayMs: (run) => run % 20 })
    expect(wrong).toEqual([])
    // on a busy machine a ledger may be late all the same
    expect(pinned).toBeGreaterThan(0)
  })

  test('100 of 100 walks have it, too, if the ledger is too slow', { timeout: 120_000 }, async () => {
    const { store: opened, database } = open()
    await using _database = database
    await using store = opened
    const walks = await walkAfterWrites({ store, runs: 100, delayMs: () => 250 })
    expect(walks).toEqual({ wrong: [], pinned: 0 })
  })
})

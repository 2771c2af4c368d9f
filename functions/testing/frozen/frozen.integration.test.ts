import { migrateMongo } from '@activity-log/shared/store/mongo-migrate.ts'
import { aDatabase } from '@activity-log/shared/testing/mongodb.ts'
import { mongodbUri } from '@activity-log/shared/testing/servers.ts'
import { expect, test } from 'vitest'
import { compare, redirected } from './compare-answers.ts'
import type { Exchange } from './exchange.ts'
import { compareTexts, expectedChanges } from './expected-changes.ts'
import { readFixture } from './fixtures.ts'
import { type DumpLine, load, readDatabase } from './frozen-mongo.ts'

test('lists everything in an old MongoDB as before', async () => {
  const way = 'from MongoDB'
  const lines = readFixture<DumpLine>('mongodb')
  const before = readFixture<Exchange>('mongodb-answers')
  await using database = aDatabase()
  await load(database.db, lines)
  await migrateMongo({ uri: mongodbUri, database: database.name, retentionDays: undefined })
  const found = await readDatabase({ uri: mongodbUri, name: database.name }, lines, (request) =>
    redirected(request, way, expectedChanges),
  )
  expect(before.length).toBeGreaterThan(60)
  const compared = compare(before, found, { way, changes: expectedChanges, compareTexts })
  expect(compared.differences).toEqual([])
  const here = expectedChanges.filter((change) => change.way === way)
  expect(here.filter((change) => !compared.happened.has(change))).toEqual([])
})

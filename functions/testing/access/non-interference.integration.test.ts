import { openMongoStore } from '@activity-log/shared/store/mongo.ts'
import { silent } from '@activity-log/shared/testing/builders.ts'
import { aDatabase } from '@activity-log/shared/testing/mongodb.ts'
import { mongodbUri } from '@activity-log/shared/testing/servers.ts'
import { expect, test } from 'vitest'
import { checkNonInterference } from './non-interference.ts'

test('what happens to one tenant changes nothing for another: MongoDB', async () => {
  await using database = aDatabase()
  await using store = openMongoStore({
    uri: mongodbUri,
    database: database.name,
    log: silent,
    migrate: { retentionDays: undefined },
  })
  await checkNonInterference(store, 10)
  const tenants = await store.tenants('', 1000)
  expect(tenants).toEqual(tenants.toSorted())
  // those of whom only dead letters came are not among them
  expect(tenants).toContainEqual(expect.stringMatching(/^tenant \d+ too$/))
}, 120_000)

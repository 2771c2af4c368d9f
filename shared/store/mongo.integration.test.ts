import { afterAll, describe } from 'vitest'
import { silent } from '../testing/builders.ts'
import { aDatabase, type TestDatabase } from '../testing/mongodb.ts'
import { mongodbUri } from '../testing/servers.ts'
import { openMongoStore } from './mongo.ts'
import { testActivityStore } from './store.testsuite.ts'

describe('MongoDB store', () => {
  const databases: TestDatabase[] = []
  afterAll(async () => {
    for (const database of databases) await database[Symbol.asyncDispose]()
  })

  testActivityStore(async () => {
    const database = aDatabase()
    databases.push(database)
    return openMongoStore({
      uri: mongodbUri,
      database: database.name,
      log: silent,
      migrate: { retentionDays: undefined },
    })
  })
})

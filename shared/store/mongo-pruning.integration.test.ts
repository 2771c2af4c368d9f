import { afterAll } from 'vitest'
import { silent } from '../testing/builders.ts'
import { aDatabase, type TestDatabase } from '../testing/mongodb.ts'
import { mongodbUri } from '../testing/servers.ts'
import { openMongoStore } from './mongo.ts'
import { collections } from './mongo-documents.ts'
import { makeIndexes } from './mongo-indexes.ts'
import { createMongoPruning } from './mongo-pruning.ts'
import { testPruning } from './pruning.testsuite.ts'

const databases: TestDatabase[] = []
afterAll(() => Promise.all(databases.map((database) => database[Symbol.asyncDispose]())))

testPruning(async () => {
  const database = aDatabase()
  databases.push(database)
  const { name, db } = database
  await makeIndexes(db)
  const records = createMongoPruning({
    outcomes: db.collection(collections.outcomes),
    ledger: db.collection(collections.ledger),
  })
  const migrate = { retentionDays: undefined }
  return { store: openMongoStore({ uri: mongodbUri, database: name, log: silent, migrate }), records }
})

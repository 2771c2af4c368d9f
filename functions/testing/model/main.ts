import { parseArgs } from 'node:util'
import { openMongoStore } from '@activity-log/shared/store/mongo.ts'
import { collections } from '@activity-log/shared/store/mongo-documents.ts'
import { migrateMongo } from '@activity-log/shared/store/mongo-migrate.ts'
import type { ActivityStore } from '@activity-log/shared/store/store.ts'
import { silent } from '@activity-log/shared/testing/builders.ts'
import { openMemoryStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import fc from 'fast-check'
import { MongoClient } from 'mongodb'
import { checkCase } from './check-case.ts'
import { aCase } from './draw.ts'

const usage = `Usage: npm run system -- model [--cases 10000] [--seed 4711] [--mongodb]

Compares lists with those of a plain array: random activities, filters, pages and cursors, while activities arrive.
Uses SQLite or, with --mongodb, a new database in the MongoDB of MONGODB_URI. --seed repeats an earlier run.`

type EmptyStores = AsyncDisposable & { next: () => Promise<ActivityStore> }

async function main() {
  const options = {
    cases: { type: 'string', default: '10000' },
    seed: { type: 'string' },
    mongodb: { type: 'boolean' },
    help: { type: 'boolean' },
  } as const
  const { values } = parseArgs({ options })
  if (values.help) return console.log(usage)
  const uri = process.env['MONGODB_URI']
  if (values.mongodb && !uri) return console.log(`MONGODB_URI is not set.\n\n${usage}`)

  const seed = Number(values.seed ?? Date.now() % 1_000_000)
  const numRuns = Number(values.cases)
  const start = performance.now()
  await using stores = values.mongodb ? await overMongodb(uri as string) : overSqlite()
  let checked = 0
  const property = fc.asyncProperty(aCase, async (drawn) => {
    await checkCase(await stores.next(), drawn)
    if (++checked % 1000 === 0) console.log(`${checked} cases`)
  })
  const result = await fc.check(property, { numRuns, seed })
  if (result.failed) console.log(fc.defaultReportMessage(result), result.errorInstance)
  const seconds = Math.round((performance.now() - start) / 1000)
  console.log(
    `${result.numRuns} cases from seed ${seed} in ${seconds} s, ${result.failed ? 'one differs' : 'all agree'}`,
  )
  process.exitCode = result.failed ? 1 : 0
}

function overSqlite(): EmptyStores {
  let store: ActivityStore | undefined
  const close = async () => store?.[Symbol.asyncDispose]()
  return {
    async next() {
      await close()
      store = openMemoryStore()
      return store
    },
    [Symbol.asyncDispose]: close,
  }
}

/** Uses one database and empties it, because creating the indexes takes longer than a case. */
async function overMongodb(uri: string): Promise<EmptyStores> {
  const database = `list-model-${process.pid}`
  const client = new MongoClient(uri)
  const db = client.db(database)
  await migrateMongo({ uri, database, retentionDays: undefined })
  const store = openMongoStore({ uri, database, log: silent })
  return {
    async next() {
      await Promise.all(
        [collections.activities, collections.outcomes, collections.ledger].map((name) =>
          db.collection(name).deleteMany({}),
        ),
      )
      return store
    },
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]()
      await db.dropDatabase()
      await client.close()
    },
  }
}

await main()

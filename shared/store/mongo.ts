import { setTimeout as wait } from 'node:timers/promises'
import type { Log } from '../log.ts'
import { asConfigError, asking, hostsOf, openDatabase, openMongoClient } from './mongo-client.ts'
import { deadLettersIn } from './mongo-dead-letters.ts'
import { collections } from './mongo-documents.ts'
import { assertGuarded, keepFor, listIndexes, makeIndexes } from './mongo-indexes.ts'
import { queriesIn } from './mongo-query.ts'
import { savingIn } from './mongo-save.ts'
import { type ActivityStore, StoreUnavailable } from './store.ts'

export type MongoStoreOptions = {
  uri: string
  database: string
  log: Log
  /** Makes indexes that are absent, in the background; only persist asks for it. */
  migrate?: { retentionDays: number | undefined }
}

/** The store, and what it learns of its configuration only from MongoDB. */
export interface MongoStore extends ActivityStore {
  /** Rejects with ConfigError when MongoDB refuses the credentials. Never resolves. */
  misconfigured: Promise<never>
}

const firstPauseMs = 1000
const longestPauseMs = 30_000

/**
 * A store in MongoDB. It is there at once, whether MongoDB is or not: what is asked of it meanwhile rejects with
 * StoreUnavailable within seconds, and works when MongoDB is back. Throws ConfigError where the URI is none.
 */
export function openMongoStore({ uri, database, log, migrate }: MongoStoreOptions): MongoStore {
  const client = openMongoClient({ uri })
  const db = openDatabase(client, database)
  const hosts = hostsOf(client)
  const closing = new AbortController()
  const misconfigured = Promise.withResolvers<never>()
  // a process that never asks is not ended by it
  misconfigured.promise.catch(() => {})

  const save = savingIn(db.collection(collections.activities))
  const { find, count, get } = queriesIn(db.collection(collections.activities))
  const { park, deadLetters } = deadLettersIn(db.collection(collections.deadLetters))

  /** A driver whose first attempt to connect failed does not try again by itself; once connected, this costs nothing. */
  const ask = <Result>(work: () => Promise<Result>) =>
    asking(async () => {
      if (closing.signal.aborted) throw new StoreUnavailable('The store is closed')
      await client.connect()
      return work()
    })

  /** Nothing is saved before this: without the unique index an id could be stored twice. */
  const guarded = untilDone(async () => {
    if (!migrate) return assertGuarded(db)
    const made = await makeIndexes(db)
    if (made.length > 0) log.info({ database, made }, 'indexes of MongoDB made')
  })

  async function meet() {
    await listIndexes(db.collection(collections.activities))
    if (migrate) {
      await guarded()
      const changes = await keepFor(db, migrate.retentionDays)
      if (changes.length > 0) log.info({ database, changes }, 'retention in MongoDB changed')
    }
    const { setName, msg } = await db.command({ hello: 1 })
    log.info({ hosts, database }, 'MongoDB is there')
    if (setName === undefined && msg !== 'isdbgrid') {
      log.warn(
        { hosts },
        'MongoDB is no replica set: what it has acknowledged is on one disk alone, and a write that an outage interrupts is a 503 rather than tried again',
      )
    }
  }

  async function introduce() {
    for (let pauseMs = firstPauseMs; !closing.signal.aborted; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      try {
        return await ask(meet)
      } catch (err) {
        if (closing.signal.aborted) return
        const mistake = asConfigError(err, client)
        if (mistake) return misconfigured.reject(mistake)
        log.warn({ err, hosts, database }, 'MongoDB cannot be used yet; MONGODB_URI says where it is')
      }
      await wait(pauseMs, undefined, { signal: closing.signal, ref: false }).catch(() => {})
    }
  }
  const introduced = introduce()

  return {
    misconfigured: misconfigured.promise,
    save: (activities) => ask(() => guarded().then(() => save(activities))),
    park: (letters) => ask(() => park(letters)),
    find: (query) => ask(() => find(query)),
    count: (filter, atMost) => ask(() => count(filter, atMost)),
    get: (tenant, id) => ask(() => get(tenant, id)),
    deadLetters: () => ask(deadLetters),
    async [Symbol.asyncDispose]() {
      closing.abort()
      await client.close()
      await introduced
    },
  }
}

/** Work that several wait for together, and that is done anew after it failed. */
function untilDone(work: () => Promise<void>): () => Promise<void> {
  let underWay: Promise<void> | undefined
  return () => {
    underWay ??= work().catch((error) => {
      underWay = undefined
      throw error
    })
    return underWay
  }
}

import { setTimeout as wait } from 'node:timers/promises'
import type { Log } from '../log.ts'
import type { Receipt } from '../receipt.ts'
import { TooLate, within } from '../within.ts'
import type { RecordedActivity } from './activities.ts'
import { startCompactor } from './compactor.ts'
import type { RecordOutcome } from './ledger.ts'
import { createMongoArrivals } from './mongo-arrivals.ts'
import { asConfigError, asking, hostsOf, openDatabase, openMongoClient, whyNot } from './mongo-client.ts'
import { createMongoDeadLetters } from './mongo-dead-letters.ts'
import { collections, type StoredActivity } from './mongo-documents.ts'
import { assertGuarded, keepFor, listIndexes, makeIndexes } from './mongo-indexes.ts'
import { createMongoLedger } from './mongo-ledger.ts'
import { createMongoQueries } from './mongo-query.ts'
import { createMongoSave } from './mongo-save.ts'
import { outcomeOf } from './outcomes.ts'
import { type ActivityStore, StoreUnavailable } from './store.ts'

export type MongoStoreOptions = {
  uri: string
  database: string
  log: Log
  /** Makes indexes that are absent, in the background; only persist asks for it. */
  migrate?: { retentionDays: number | undefined }
  /** How long after its first record recently a partition is compacted, however few they are. */
  compactAfterMs?: number
}

/** The store, and what it learns of its configuration only from MongoDB. */
export interface MongoStore extends ActivityStore {
  /** Rejects with ConfigError when MongoDB refuses the credentials. Never resolves. */
  misconfigured: Promise<never>
}

/**
 * Longer than the driver's two attempts, and shorter than persist's deadline. There is a wait that the driver's own limits
 * do not end: a write larger than the socket takes at once waits for room, and goes on waiting when its connection is closed
 * for being silent (mongodb 7.9, writeCommand). Neither does its place in the pool come back, so a client to which that
 * happened is replaced.
 */
const answerMs = 9_500
const firstPollMs = 10
const maxPollMs = 500
const firstPauseMs = 1000
const maxPauseMs = 30_000

/**
 * A store in MongoDB. It is there at once, whether MongoDB is or not: what is asked of it meanwhile rejects with
 * StoreUnavailable within seconds, and works when MongoDB is back. Throws ConfigError where the URI is none.
 */
export function openMongoStore({
  uri,
  database,
  log,
  migrate,
  compactAfterMs = 60_000,
}: MongoStoreOptions): MongoStore {
  /**
   * Nothing is saved before this: without the unique index an id could be stored twice. After any trouble it is looked at
   * again: what comes back may be another MongoDB, an empty one.
   */
  const { done: guarded, forget } = untilDone(async () => {
    const { db } = current
    if (!migrate) return assertGuarded(db)
    const made = await makeIndexes(db)
    if (made.length > 0) log.info({ database, made }, 'indexes of MongoDB made')
  })
  const connect = () => {
    const connection = connectionTo(uri, database)
    connection.client.on('serverHeartbeatFailed', forget)
    return connection
  }
  let current = connect()
  const hosts = hostsOf(current.client)
  const closing = new AbortController()
  const misconfigured = Promise.withResolvers<never>()
  // a process that never asks is not ended by it
  misconfigured.promise.catch(() => {})

  /** `isShort`: so few calls that they are stuck when they take long. */
  async function ask<Result>(work: (connection: Connection) => Promise<Result>, isShort = true): Promise<Result> {
    if (closing.signal.aborted) throw new StoreUnavailable('The store is closed')
    const connection = current
    const answer = async () => {
      // a driver whose first attempt failed does not try again by itself; once connected, this costs nothing
      await connection.client.connect()
      return work(connection)
    }
    try {
      return await asking(() => within(answerMs, answer(), 'MongoDB did not answer'))
    } catch (error) {
      if (!(error instanceof TooLate)) throw error
      if (isShort) replace(connection)
      throw new StoreUnavailable('MongoDB did not do what it was asked for', { cause: error })
    }
  }

  function replace(stuck: Connection) {
    void stuck.client.close().catch(() => {})
    if (current !== stuck || closing.signal.aborted) return
    current = connect()
    forget()
    log.warn({ hosts }, 'the connections to MongoDB were stuck, and are made anew')
  }

  /** There is nobody to wake who waits: the record may be saved by another process. */
  async function awaitOutcome(receipt: Receipt, untilAborted?: AbortSignal): Promise<RecordOutcome | undefined> {
    for (let pauseMs = firstPollMs; ; pauseMs = Math.min(1.5 * pauseMs, maxPollMs)) {
      const outcome = await ask(({ ledger }) => ledger.outcome(receipt))
      if (outcome || !untilAborted || untilAborted.aborted) return outcome
      await wait(pauseMs, undefined, { signal: AbortSignal.any([untilAborted, closing.signal]) }).catch(() => {})
    }
  }

  async function saveGuarded({ save }: Connection, activities: readonly RecordedActivity[]) {
    await guarded()
    return save(activities).catch((error) => {
      forget()
      throw error
    })
  }

  async function meet({ db }: Connection) {
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

  const compactor = startCompactor({
    compact: (partition, isQuiet) => ask(({ ledger }) => ledger.compact(partition, isQuiet), false),
    quietMs: compactAfterMs,
  })

  async function introduce() {
    for (let pauseMs = firstPauseMs; !closing.signal.aborted; pauseMs = Math.min(2 * pauseMs, maxPauseMs)) {
      try {
        return await ask(meet)
      } catch (err) {
        if (closing.signal.aborted) return
        const mistake = asConfigError(err, current.client)
        if (mistake) return misconfigured.reject(mistake)
        log.warn(
          { hosts, database, reason: whyNot(err, current.client) },
          'MongoDB cannot be used yet at MONGODB_URI; trying on',
        )
      }
      await wait(pauseMs, undefined, { signal: closing.signal, ref: false }).catch(() => {})
    }
  }
  const introduced = introduce()

  return {
    misconfigured: misconfigured.promise,
    async save(activities) {
      const outcomes = await ask((connection) => saveGuarded(connection, activities))
      // the outcome of a conflict is not known yet: its dead letter is to come
      compactor.arrived(activities.map(({ position }) => position))
      return outcomes
    },
    async deadLetter(letters) {
      await ask(({ deadLetter }) => deadLetter(letters))
      compactor.arrived(letters.flatMap((letter) => outcomeOf(letter)?.position ?? []))
    },
    find: (query) => ask(({ find }) => find(query)),
    count: (filter, max) => ask(({ count }) => count(filter, max)),
    arrivals: (query) => ask(({ arrivals }) => arrivals(query)),
    stats: (query) => ask(({ stats }) => stats(query)),
    get: (tenant, id) => ask(({ get }) => get(tenant, id)),
    outcome: (receipt, untilAborted) => awaitOutcome(receipt, untilAborted),
    ledger: () => ask(({ ledger }) => ledger.read(), false),
    findDeadLetters: (query) => ask(({ findDeadLetters }) => findDeadLetters(query)),
    getDeadLetter: (tenant, id) => ask(({ getDeadLetter }) => getDeadLetter(tenant, id)),
    resolve: (tenant, id, resolution) => ask(({ resolve }) => resolve(tenant, id, resolution)),
    async account(written) {
      await ask(({ ledger }) => ledger.account(written))
      compactor.arrived(written.map(({ position }) => position))
    },
    abandon: (partition, below) => ask(({ ledger }) => ledger.abandon(partition, below)),
    async [Symbol.asyncDispose]() {
      await compactor[Symbol.asyncDispose]()
      closing.abort()
      await current.client.close()
      await introduced
    },
  }
}

type Connection = ReturnType<typeof connectionTo>

function connectionTo(uri: string, database: string) {
  const client = openMongoClient({ uri })
  const db = openDatabase(client, database)
  const activities = db.collection<StoredActivity>(collections.activities)
  const ledger = createMongoLedger({
    activities,
    outcomes: db.collection(collections.outcomes),
    ledger: db.collection(collections.ledger),
  })
  return {
    client,
    db,
    ledger,
    save: createMongoSave(activities, ledger),
    ...createMongoQueries(activities),
    arrivals: createMongoArrivals(activities),
    ...createMongoDeadLetters(db.collection(collections.deadLetters), ledger),
  }
}

/** Work that several wait for together, and that is done anew after it failed or was forgotten. */
function untilDone(work: () => Promise<void>): { done: () => Promise<void>; forget: () => void } {
  let underWay: Promise<void> | undefined
  const forget = () => {
    underWay = undefined
  }
  function done() {
    underWay ??= work().catch((error) => {
      forget()
      throw error
    })
    return underWay
  }
  return { done, forget }
}

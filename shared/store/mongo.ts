import { setTimeout as wait } from 'node:timers/promises'
import type { MongoClient } from 'mongodb'
import { type Gone, unlessAborted } from '../aborted.ts'
import type { HashId } from '../key.ts'
import type { Log } from '../log.ts'
import type { Receipt } from '../receipt.ts'
import { startedWithin, TooLate } from '../within.ts'
import type { RecordedActivity } from './activities.ts'
import { startPruning } from './background-pruning.ts'
import { startCompactor } from './compactor.ts'
import type { RecordOutcome } from './ledger.ts'
import { linesOf } from './lines.ts'
import { asConfigError, asking, hostsOf, openDatabase, openMongoClient, whyNot } from './mongo-client.ts'
import { createMongoDeadLetters } from './mongo-dead-letters.ts'
import { collections, type StoredActivity } from './mongo-documents.ts'
import { assertFormat } from './mongo-format.ts'
import { assertGuarded, keepFor, makeIndexes } from './mongo-indexes.ts'
import { createMongoLedger, type LedgerCollections } from './mongo-ledger.ts'
import { createMongoPruning } from './mongo-pruning.ts'
import { createMongoQueries, mayTakeLong } from './mongo-query.ts'
import { createMongoSave, type SaveOptions } from './mongo-save.ts'
import { outcomeOf } from './outcomes.ts'
import { createManyActions } from './resolve-actions.ts'
import { type ActivityStore, NeedsOperator, StoreUnavailable } from './store.ts'
import { untilDone } from './until-done.ts'

export type MongoStoreOptions = {
  uri: string
  database: string
  log: Log
  /** Creates missing indexes in the background; only persist sets it. */
  migrate?: { retentionDays: number | undefined }
  /** How long after its first uncompacted record a partition is compacted, even with few records. */
  compactAfterMs?: number
  hash?: HashId
}

/** A store that learns only from MongoDB whether its configuration is right. */
export interface MongoStore extends ActivityStore {
  /** Rejects with ConfigError if MongoDB rejects the credentials. Never resolves. */
  misconfigured: Promise<never>
}

/**
 * Longer than two attempts of the driver, and shorter than persist's deadline. The driver's own limits do not end every
 * wait: a write larger than the socket buffer waits for room, even after its connection was closed for being silent
 * (mongodb 7.9, writeCommand). Its connection never returns to the pool either, so a stuck write replaces the client.
 */
const answerMs = 9_500
/** No longer than query waits, so that a read ends when nobody waits for it. */
const readMs = 5_000
/** Reads that may take long share these connections, so that they never keep short ones waiting. */
const maxLongReads = 4
const firstPollMs = 10
const maxPollMs = 500
const firstPauseMs = 1000
const maxPauseMs = 30_000

/**
 * A store in MongoDB that opens whether or not MongoDB is available. While MongoDB is down, calls reject with
 * StoreUnavailable within seconds, and they work when it is back. Throws ConfigError if the URI is invalid.
 */
export function openMongoStore({
  uri,
  database,
  log,
  migrate,
  compactAfterMs = 60_000,
  hash,
}: MongoStoreOptions): MongoStore {
  /**
   * Every call waits for this: a database in another format is neither read nor written, and without the unique index
   * an id could be stored twice. It is checked again after any failed save, because the MongoDB that comes back may be
   * another, empty one.
   */
  const { done: checked, forget } = untilDone(async () => {
    const { client, db } = current
    await connected(client)
    await assertFormat(db)
    if (!migrate) return
    const made = await makeIndexes(db)
    if (made.length > 0) log.info({ database, made }, 'created MongoDB indexes')
  })
  const connect = () => {
    const connection = connectionTo({ uri, database, hash, retentionDays: migrate?.retentionDays })
    connection.client.on('serverHeartbeatFailed', forget)
    return connection
  }
  let current = connect()
  const longReads = openMongoClient({ uri, maxPoolSize: maxLongReads })
  const many = createManyActions(() => performance.now())
  const hosts = hostsOf(current.client)
  const closing = new AbortController()
  const misconfigured = Promise.withResolvers<never>()
  // keeps the rejection from ending a process that ignores it
  misconfigured.promise.catch(() => {})

  /** Ends the work when nobody waits for it any more. */
  async function answered<Result>(
    client: MongoClient,
    deadlineMs: number,
    work: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    if (closing.signal.aborted) throw new StoreUnavailable('The store is closed')
    const answer = async (signal: () => AbortSignal) => {
      await checked()
      await connected(client)
      return work(signal())
    }
    try {
      return await asking(() => startedWithin(deadlineMs, answer, 'MongoDB did not answer'))
    } catch (error) {
      throw error instanceof TooLate ? new StoreUnavailable('MongoDB failed', { cause: error }) : error
    }
  }

  function ask<Result>(work: (connection: Connection) => Promise<Result>): Promise<Result> {
    const connection = current
    return answered(connection.client, answerMs, () => work(connection))
  }

  async function write<Result>(work: (connection: Connection) => Promise<Result>): Promise<Result> {
    const connection = current
    try {
      return await ask(work)
    } catch (error) {
      if ((error as Error).cause instanceof TooLate) replace(connection)
      throw error
    }
  }

  function read<Result>(
    work: (queries: Queries) => Promise<Result>,
    { isLong = false, gone }: { isLong?: boolean; gone?: Gone | undefined } = {},
  ): Promise<Result> {
    const client = isLong ? longReads : current.client
    const left = isLong ? gone?.() : undefined
    const answer = () =>
      answered(client, readMs, (late) => {
        const signal = left ? AbortSignal.any([late, left]) : late
        return work(createMongoQueries(openDatabase(client, database).collection(collections.activities), signal, many))
      })
    return left ? unlessAborted(left, answer) : answer()
  }

  function replace(stuck: Connection) {
    void stuck.client.close().catch(() => {})
    if (current !== stuck || closing.signal.aborted) return
    current = connect()
    forget()
    log.warn({ hosts }, 'MongoDB connections stalled; reconnecting')
  }

  /** Polls, because another process may save the record. */
  async function awaitOutcome(receipt: Receipt, untilAborted?: AbortSignal): Promise<RecordOutcome | undefined> {
    for (let pauseMs = firstPollMs; ; pauseMs = Math.min(1.5 * pauseMs, maxPollMs)) {
      const outcome = await ask(({ ledger }) => ledger.outcome(receipt))
      if (outcome || !untilAborted || untilAborted.aborted) return outcome
      await wait(pauseMs, undefined, { signal: AbortSignal.any([untilAborted, closing.signal]) }).catch(() => {})
    }
  }

  async function saveGuarded({ db, save }: Connection, activities: readonly RecordedActivity[]) {
    if (!migrate) await assertGuarded(db)
    return save(activities).catch((error) => {
      forget()
      throw error
    })
  }

  async function checkServer({ db }: Connection) {
    if (migrate) {
      const changes = await keepFor(db, migrate.retentionDays)
      if (changes.length > 0) log.info({ database, changes }, 'changed the retention in MongoDB')
    }
    const { setName, msg } = await db.command({ hello: 1 })
    log.info({ hosts, database }, 'connected to MongoDB')
    if (setName === undefined && msg !== 'isdbgrid') {
      log.warn(
        { hosts },
        'MongoDB is not a replica set: acknowledged data is on one disk only, and interrupted writes get a 503',
      )
    }
  }

  const compactor = startCompactor({
    compact: (partition, isQuiet) => ask(({ ledger }) => ledger.compact(partition, isQuiet)),
    quietMs: compactAfterMs,
  })

  const pruning =
    migrate &&
    startPruning({
      partitions: () => ask(async ({ pruning }) => pruning.partitions()),
      pruning: (partition) => ask(async ({ pruning }) => pruning.pruning(partition)),
      setPruning: (partition, to) => ask(async ({ pruning }) => pruning.setPruning(partition, to)),
      pruneDuplicates: (partition, first, last) =>
        ask(async ({ pruning }) => pruning.pruneDuplicates(partition, first, last)),
    })

  async function connectInBackground() {
    for (let pauseMs = firstPauseMs; !closing.signal.aborted; pauseMs = Math.min(2 * pauseMs, maxPauseMs)) {
      try {
        return await ask(checkServer)
      } catch (err) {
        if (closing.signal.aborted) return
        const mistake = asConfigError(err, current.client)
        if (mistake) return misconfigured.reject(mistake)
        if (err instanceof NeedsOperator) log.error({ hosts, database }, err.message)
        else
          log.warn(
            { hosts, database, reason: whyNot(err, current.client) },
            'MongoDB is not available yet at MONGODB_URI; retrying',
          )
      }
      await wait(pauseMs, undefined, { signal: closing.signal, ref: false }).catch(() => {})
    }
  }
  const background = connectInBackground()

  const find: ActivityStore['find'] = (query, gone) =>
    read(({ find }) => find(query), { isLong: mayTakeLong(query), gone })

  return {
    misconfigured: misconfigured.promise,
    async save(activities) {
      const outcomes = await write((connection) => saveGuarded(connection, activities))
      // a conflict has no outcome until its dead letter is stored
      compactor.arrived(activities.map(({ position }) => position))
      return outcomes
    },
    async deadLetter(letters) {
      await write(({ deadLetter }) => deadLetter(letters))
      compactor.arrived(letters.flatMap((letter) => outcomeOf(letter)?.position ?? []))
    },
    find,
    findLines: linesOf(find),
    count: (filter, max, gone) => read(({ count }) => count(filter, max), { isLong: true, gone }),
    arrivals: (query) => read(({ arrivals }) => arrivals(query)),
    stats: (query, gone) => read(({ stats }) => stats(query), { isLong: true, gone }),
    tenants: (after, limit) => read(({ tenants }) => tenants(after, limit), { isLong: true }),
    get: (tenant, id) => read(({ get }) => get(tenant, id)),
    outcome: (receipt, untilAborted) => awaitOutcome(receipt, untilAborted),
    ledger: () => ask(({ ledger }) => ledger.read()),
    findDeadLetters: (query) => ask(({ findDeadLetters }) => findDeadLetters(query)),
    getDeadLetter: (tenant, id) => ask(({ getDeadLetter }) => getDeadLetter(tenant, id)),
    resolve: (tenant, id, resolution) => write(({ resolve }) => resolve(tenant, id, resolution)),
    async account(written) {
      await write(({ ledger }) => ledger.account(written))
      compactor.arrived(written.map(({ position }) => position))
    },
    abandon: (partition, below) => ask(({ ledger }) => ledger.abandon(partition, below)),
    // many steps may take longer than one answer
    writeOff: async (readEnds) => {
      await ask(async () => {})
      return asking(() => current.ledger.writeOff(readEnds))
    },
    async [Symbol.asyncDispose]() {
      await pruning?.[Symbol.asyncDispose]()
      await compactor[Symbol.asyncDispose]()
      closing.abort()
      await Promise.all([current.client.close(), longReads.close()])
      await background
    },
  }
}

type Connection = ReturnType<typeof connectionTo>
type Queries = ReturnType<typeof createMongoQueries>

function connectionTo({ uri, database, ...options }: Pick<MongoStoreOptions, 'uri' | 'database'> & SaveOptions) {
  const client = openMongoClient({ uri })
  const db = openDatabase(client, database)
  const activities = db.collection<StoredActivity>(collections.activities)
  const ledgerCollections: LedgerCollections = {
    activities,
    outcomes: db.collection(collections.outcomes),
    ledger: db.collection(collections.ledger),
  }
  const ledger = createMongoLedger(ledgerCollections)
  return {
    client,
    db,
    ledger,
    pruning: createMongoPruning(ledgerCollections),
    save: createMongoSave(activities, ledger, options),
    ...createMongoDeadLetters(db.collection(collections.deadLetters), ledger),
  }
}

/** A driver whose first attempt to connect failed does not retry by itself; once connected, this is free. */
const connected = (client: MongoClient) => client.connect()

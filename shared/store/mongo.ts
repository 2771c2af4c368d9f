import type { Log } from '../log.ts'
import type { ActivityStore } from './store.ts'

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

/** Throws ConfigError where the URI is none. */
export function openMongoStore(_options: MongoStoreOptions): MongoStore {
  throw new Error('still to be written')
}

import { asConfigError, asking, openDatabase, openMongoClient } from './mongo-client.ts'
import { keepFor, makeIndexes } from './mongo-indexes.ts'

export type MigrateOptions = { uri: string; database: string; retentionDays: number | undefined }

/**
 * Creates missing indexes and sets the retention, without a timeout. Returns descriptions of the changes. Rejects with
 * ConfigError or StoreUnavailable.
 */
export async function migrateMongo({ uri, database, retentionDays }: MigrateOptions): Promise<readonly string[]> {
  await using client = openMongoClient({ uri, socketTimeout: false })
  const db = openDatabase(client, database)
  try {
    return await asking(async () => [...(await makeIndexes(db)), ...(await keepFor(db, retentionDays))])
  } catch (error) {
    throw asConfigError(error, client) ?? error
  }
}

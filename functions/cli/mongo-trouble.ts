import { StartError } from '@activity-log/shared/config.ts'
import { StoreUnavailable } from '@activity-log/shared/store/store.ts'

/** Rejects with what a person at a command line can do about it. */
export function explainMongo(error: unknown): never {
  if (!(error instanceof StoreUnavailable)) throw error
  const reason = error.cause instanceof Error ? error.cause.message : error.message
  throw new StartError(`MongoDB could not be asked, or refused (MONGODB_URI says where it is): ${reason}`, {
    cause: error,
  })
}

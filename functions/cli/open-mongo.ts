import { mongoEntries } from '@activity-log/shared/store/mongo-config.ts'
import { NeedsOperator, StoreUnavailable } from '@activity-log/shared/store/store.ts'
import type { Variable } from './command.ts'
import { ServiceUnavailable } from './service-unavailable.ts'

export const mongoVariables = {
  MONGODB_URI: { summary: 'the URI of MongoDB, with credentials if it needs them', schema: mongoEntries.MONGODB_URI },
  MONGODB_DATABASE: { summary: 'the database of the log', schema: mongoEntries.MONGODB_DATABASE },
} as const satisfies Record<string, Variable>

/** Loads the driver, which checks the URI, only for commands that need MongoDB. */
export const mongoRules = async () => [(await import('@activity-log/shared/store/mongo-client.ts')).mongoRule]

/** Throws an error that tells a person at a command line what to do. */
export function explainMongo(error: unknown): never {
  if (error instanceof NeedsOperator) throw new ServiceUnavailable(error.message, { cause: error })
  if (!(error instanceof StoreUnavailable)) throw error
  const reason = error.cause instanceof Error ? error.cause.message : error.message
  throw new ServiceUnavailable(
    `MongoDB does not answer, or rejects the request (check MONGODB_URI, or run activity-log migrate): ${reason}`,
    { cause: error },
  )
}

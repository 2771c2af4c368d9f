import { mongoEntries } from '@activity-log/shared/store/mongo-config.ts'
import { StoreUnavailable } from '@activity-log/shared/store/store.ts'
import type { Variable } from './command.ts'
import { ServiceUnavailable } from './service-unavailable.ts'

export const mongoVariables = {
  MONGODB_URI: { summary: 'where MongoDB is, with credentials if need be', schema: mongoEntries.MONGODB_URI },
  MONGODB_DATABASE: { summary: 'the database of the log', schema: mongoEntries.MONGODB_DATABASE },
} as const satisfies Record<string, Variable>

/** The driver reads the URI; only what needs MongoDB waits until it is loaded. */
export const mongoRules = async () => [(await import('@activity-log/shared/store/mongo-client.ts')).mongoRule]

/** Rejects with what a person at a command line can do about it. */
export function explainMongo(error: unknown): never {
  if (!(error instanceof StoreUnavailable)) throw error
  const reason = error.cause instanceof Error ? error.cause.message : error.message
  throw new ServiceUnavailable(
    `MongoDB could not be asked, or refused (MONGODB_URI says where it is; persist or activity-log migrate makes its indexes): ${reason}`,
    {
      cause: error,
    },
  )
}

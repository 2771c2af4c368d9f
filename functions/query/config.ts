import { LogLevel, Port, TrustedProxies } from '@activity-log/shared/config.ts'
import { mongoEntries } from '@activity-log/shared/store/mongo-config.ts'
import * as v from 'valibot'

export const Config = v.object({
  PORT: Port('8080'),
  ...mongoEntries,
  TRUSTED_PROXIES: TrustedProxies,
  LOG_LEVEL: LogLevel,
})

import { topicEntries } from '@activity-log/shared/broker/kafka-config.ts'
import { LogLevel, Port, TrustedProxies } from '@activity-log/shared/config.ts'
import { mongoEntries, RetentionDays } from '@activity-log/shared/store/mongo-config.ts'
import * as v from 'valibot'

export const Config = v.object({
  PORT: Port('8080'),
  ...mongoEntries,
  ...topicEntries,
  RETENTION_DAYS: RetentionDays,
  TRUSTED_PROXIES: TrustedProxies,
  LOG_LEVEL: LogLevel,
})

import { topicEntries } from '@activity-log/shared/broker/kafka-config.ts'
import { BasePath, LogLevel, Port } from '@activity-log/shared/config.ts'
import { mongoEntries, RetentionDays } from '@activity-log/shared/store/mongo-config.ts'
import * as v from 'valibot'

export const Config = v.object({
  PORT: Port('8080'),
  BASE_PATH: BasePath,
  ...mongoEntries,
  ...topicEntries,
  RETENTION_DAYS: RetentionDays,
  LOG_LEVEL: LogLevel,
})

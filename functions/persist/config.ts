import { ownEntries } from '@activity-log/shared/access/own-config.ts'
import { accessEntries } from '@activity-log/shared/access-config.ts'
import { topicEntries } from '@activity-log/shared/broker/kafka-config.ts'
import { LogLevel } from '@activity-log/shared/config.ts'
import { listenEntries } from '@activity-log/shared/listen-config.ts'
import { mongoEntries, RetentionDays } from '@activity-log/shared/store/mongo-config.ts'
import * as v from 'valibot'
import { deliveryEntries } from './delivery-config.ts'

export const Config = v.object({
  ...listenEntries('8080'),
  ...accessEntries,
  ...ownEntries,
  ...mongoEntries,
  ...topicEntries,
  ...deliveryEntries,
  RETENTION_DAYS: RetentionDays,
  LOG_LEVEL: LogLevel,
})

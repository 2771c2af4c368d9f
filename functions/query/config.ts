import { ownEntries } from '@activity-log/shared/access/own-config.ts'
import { accessEntries } from '@activity-log/shared/access-config.ts'
import { LogLevel } from '@activity-log/shared/config.ts'
import { listenEntries } from '@activity-log/shared/listen-config.ts'
import { mongoEntries } from '@activity-log/shared/store/mongo-config.ts'
import * as v from 'valibot'

export const Config = v.object({
  ...listenEntries('8080'),
  ...accessEntries,
  ...ownEntries,
  ...mongoEntries,
  LOG_LEVEL: LogLevel,
})

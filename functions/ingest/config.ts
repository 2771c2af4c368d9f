import { accessEntries } from '@activity-log/shared/access-config.ts'
import { kafkaEntries } from '@activity-log/shared/broker/kafka-config.ts'
import { LogLevel } from '@activity-log/shared/config.ts'
import { listenEntries } from '@activity-log/shared/listen-config.ts'
import * as v from 'valibot'

export const Config = v.object({ ...listenEntries('8080'), ...accessEntries, ...kafkaEntries, LOG_LEVEL: LogLevel })

import { kafkaEntries } from '@activity-log/shared/broker/kafka-config.ts'
import { LogLevel, Port } from '@activity-log/shared/config.ts'
import * as v from 'valibot'

export const Config = v.object({ PORT: Port('8080'), ...kafkaEntries, LOG_LEVEL: LogLevel })

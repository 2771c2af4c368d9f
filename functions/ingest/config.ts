import { kafkaEntries } from '@activity-log/shared/broker/kafka-config.ts'
import { BasePath, LogLevel, Port } from '@activity-log/shared/config.ts'
import * as v from 'valibot'

export const Config = v.object({ PORT: Port('8080'), BASE_PATH: BasePath, ...kafkaEntries, LOG_LEVEL: LogLevel })

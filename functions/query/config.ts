import { BasePath, LogLevel, Port } from '@activity-log/shared/config.ts'
import { mongoEntries } from '@activity-log/shared/store/mongo-config.ts'
import * as v from 'valibot'

export const Config = v.object({ PORT: Port('8080'), BASE_PATH: BasePath, ...mongoEntries, LOG_LEVEL: LogLevel })

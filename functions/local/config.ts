import { LogLevel, Port } from '@activity-log/shared/config.ts'
import * as v from 'valibot'

export const Config = v.object({
  PORT: Port('3000'),
  DATA_DIR: v.optional(v.string(), './data'),
  LOG_LEVEL: LogLevel,
})

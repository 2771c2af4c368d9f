import { kafkaEntries } from '@activity-log/shared/broker/kafka-config.ts'
import { LogLevel, Port, TrustedProxies } from '@activity-log/shared/config.ts'
import * as v from 'valibot'

export const Config = v.object({
  PORT: Port('8080'),
  ...kafkaEntries,
  TRUSTED_PROXIES: TrustedProxies,
  LOG_LEVEL: LogLevel,
})

import { kafkaConsumerEntries, kafkaEntries } from '@activity-log/shared/broker/kafka-config.ts'
import { LogLevel } from '@activity-log/shared/config.ts'
import * as v from 'valibot'

const HttpUrl = v.pipe(
  v.string(),
  v.check((text) => /^https?:\/\/./.test(text) && URL.canParse(text), 'must be a URL: http://… or https://…'),
  // it is logged, and stands in every dead letter
  v.check((text) => !URL.parse(text)?.username && !URL.parse(text)?.password, 'must hold no user and no password'),
)

export const Config = v.object({
  ...kafkaEntries,
  ...kafkaConsumerEntries,
  /** Its path is kept. */
  SINK_URL: v.optional(HttpUrl, 'http://localhost:8081'),
  LOG_LEVEL: LogLevel,
})

import { kafkaConsumerEntries, kafkaEntries } from '@activity-log/shared/broker/kafka-config.ts'
import { LogLevel, Port } from '@activity-log/shared/config.ts'
import { listenEntries } from '@activity-log/shared/listen-config.ts'
import * as v from 'valibot'

const HttpUrl = v.pipe(
  v.string(),
  v.check((text) => /^https?:\/\/./.test(text) && URL.canParse(text), 'must be a URL: http://… or https://…'),
  // the URL is logged and becomes part of every dead letter
  v.check((text) => !URL.parse(text)?.username && !URL.parse(text)?.password, 'must not contain a user or a password'),
)

export const Config = v.object({
  ...kafkaEntries,
  ...kafkaConsumerEntries,
  /** Deliveries are POSTed to exactly this URL, with its path. */
  SINK_URL: v.optional(HttpUrl, 'http://localhost:8081'),
  /** Where `GET /healthz` is answered; by default nowhere. */
  HEALTH_PORT: v.optional(v.unwrap(Port(''))),
  /** A file with the token that each delivery carries; by default they carry none. */
  DELIVERY_TOKEN_FILE: v.optional(v.string()),
  HOST: listenEntries('').HOST,
  LOG_LEVEL: LogLevel,
})

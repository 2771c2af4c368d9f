import { kafkaEntries, topicEntries } from '@activity-log/shared/broker/kafka-config.ts'
import { isUnreadable } from '@activity-log/shared/broker/kafka-error.ts'
import { ConfigError, StartError } from '@activity-log/shared/config.ts'
import { isFault, reasons } from '@activity-log/shared/reasons.ts'
import type { Option, Variable } from './command.ts'
import { ServiceUnavailable } from './service-unavailable.ts'

export const brokersOption = {
  value: 'HOST:PORT,…',
  summary: 'the Kafka brokers',
  schema: kafkaEntries.KAFKA_BROKERS,
  variable: 'KAFKA_BROKERS',
} as const satisfies Option

export const topicOption = {
  value: 'NAME',
  summary: 'the topic of the activities',
  schema: topicEntries.KAFKA_TOPIC,
  variable: 'KAFKA_TOPIC',
} as const satisfies Option

const { KAFKA_SASL_MECHANISM, KAFKA_USERNAME, KAFKA_PASSWORD, KAFKA_TLS, KAFKA_TLS_CA } = kafkaEntries

export const kafkaVariables = {
  KAFKA_SASL_MECHANISM: { summary: 'PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512', schema: KAFKA_SASL_MECHANISM },
  KAFKA_USERNAME: { summary: 'the user for KAFKA_SASL_MECHANISM', schema: KAFKA_USERNAME },
  KAFKA_PASSWORD: { summary: 'the password of KAFKA_USERNAME', schema: KAFKA_PASSWORD },
  KAFKA_TLS: { summary: 'true for an encrypted connection', schema: KAFKA_TLS },
  KAFKA_TLS_CA: {
    summary: 'certificate authorities to trust instead of the default ones, as PEM text',
    schema: KAFKA_TLS_CA,
  },
} as const satisfies Record<string, Variable>

/** Throws an error that tells a person at a command line what to do. */
export function explainKafka(error: unknown, brokers: readonly string[]): never {
  const isOurs = isFault(error) && !isUnreadable(error)
  if (error instanceof ConfigError || error instanceof StartError || isOurs) throw error
  throw new ServiceUnavailable(
    `Kafka does not answer at ${brokers.join(',')}: ${reasons(error)}. Is it running, and is --brokers right?`,
    { cause: error },
  )
}

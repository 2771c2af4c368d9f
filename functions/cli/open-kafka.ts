import { kafkaEntries } from '@activity-log/shared/broker/kafka-config.ts'
import { ConfigError, StartError } from '@activity-log/shared/config.ts'
import { isFault, reasons } from '@activity-log/shared/reasons.ts'
import type { Option, Variable } from './command.ts'
import { ServiceUnavailable } from './service-unavailable.ts'

export const brokersOption = {
  value: 'HOST:PORT,…',
  summary: 'brokers of Kafka',
  schema: kafkaEntries.KAFKA_BROKERS,
  variable: 'KAFKA_BROKERS',
} as const satisfies Option

const { KAFKA_SASL_MECHANISM, KAFKA_USERNAME, KAFKA_PASSWORD, KAFKA_TLS, KAFKA_TLS_CA } = kafkaEntries

export const kafkaVariables = {
  KAFKA_SASL_MECHANISM: { summary: 'PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512', schema: KAFKA_SASL_MECHANISM },
  KAFKA_USERNAME: { summary: 'who that is', schema: KAFKA_USERNAME },
  KAFKA_PASSWORD: { summary: 'and its password', schema: KAFKA_PASSWORD },
  KAFKA_TLS: { summary: 'true encrypts', schema: KAFKA_TLS },
  KAFKA_TLS_CA: { summary: 'authorities to trust instead of the usual ones, as PEM text', schema: KAFKA_TLS_CA },
} as const satisfies Record<string, Variable>

/** Rejects with what a person at a command line can do about it. */
export function explainKafka(error: unknown, brokers: readonly string[]): never {
  if (error instanceof ConfigError || error instanceof StartError || isFault(error)) throw error
  throw new ServiceUnavailable(
    `Kafka could not be asked at ${brokers.join(',')}: ${reasons(error)}. Are these its addresses (--brokers), and does it run?`,
    { cause: error },
  )
}

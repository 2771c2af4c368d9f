import { ConfigError } from '../config.ts'

/**
 * How the broker answered, judged by an error of kafkajs. `rejected`: it answered that it will never do this.
 * `not now`: it answered that it cannot do this at the moment. `silent`: it did not answer, so the result is unknown.
 */
export type KafkaErrorKind = 'rejected' | 'not now' | 'silent'

type KafkaError = Error & { type?: string; code?: unknown; retriable?: boolean; errors?: readonly unknown[] }

/** kafkajs wraps errors and marks some transient ones as not retriable, so the innermost answer counts. */
export function kafkaErrorKind(error: unknown): KafkaErrorKind {
  if (credentialsMistake(error)) return 'rejected'
  const answer = causes(error).find(({ type }) => type !== undefined)
  if (!answer) return 'silent'
  return answer.retriable || answer.type === 'UNKNOWN_TOPIC_OR_PARTITION' ? 'not now' : 'rejected'
}

export const isUnknownTopic = (error: unknown) =>
  causes(error).some(({ type }) => type === 'UNKNOWN_TOPIC_OR_PARTITION' || type === 'INVALID_TOPIC_EXCEPTION')

/** Whether kafkajs read beyond the end of an answer, since what answers is no Kafka, or one that it cannot read. */
export const isUnreadable = (error: unknown) => causes(error).some(({ code }) => code === 'ERR_BUFFER_OUT_OF_BOUNDS')

const isForbidden = (error: unknown) => causes(error).some(({ type }) => /AUTHORIZATION_FAILED/.test(type ?? ''))

/**
 * The configuration error behind an error of Kafka, if there is one; `variable` is the variable that names the topic.
 */
export function kafkaMistake(error: unknown, topic: string, variable = 'KAFKA_TOPIC'): ConfigError | undefined {
  const mistake = credentialsMistake(error) ?? topicMistake(error, topic, variable)
  return mistake ? new ConfigError(`Invalid configuration:\n  ${mistake}`, { cause: error }) : undefined
}

function credentialsMistake(error: unknown): string | undefined {
  for (const { name, type } of causes(error)) {
    if (name === 'KafkaJSSASLAuthenticationError') return 'KAFKA_USERNAME and KAFKA_PASSWORD are rejected by Kafka'
    if (type === 'UNSUPPORTED_SASL_MECHANISM') return 'KAFKA_SASL_MECHANISM is not a mechanism that Kafka supports'
    if (type === 'ILLEGAL_SASL_STATE') return 'KAFKA_SASL_MECHANISM is set, but Kafka accepts no credentials there'
  }
  return undefined
}

function topicMistake(error: unknown, topic: string, variable: string): string | undefined {
  if (isForbidden(error)) return `${variable} names the topic ${topic}, which the user of KAFKA_USERNAME may not use`
  if (!isUnknownTopic(error)) return undefined
  const command = `kafka-topics.sh --bootstrap-server … --create --topic ${topic} --partitions 12`
  return `${variable} names a topic that Kafka does not have. Create it: ${command}`
}

/** The error, its causes, and the errors in an AggregateError. */
function causes(error: unknown): KafkaError[] {
  if (!(error instanceof Error)) return []
  const { errors = [] } = error as KafkaError
  return [error, ...causes(error.cause), ...errors.flatMap(causes)]
}

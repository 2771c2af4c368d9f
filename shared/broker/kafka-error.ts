import { ConfigError } from '../config.ts'

/**
 * What an error of kafkajs says of the broker: `refused` it answered that it never will; `not now`, that it cannot at the
 * moment; `silent`, that it gave no answer at all, so that nothing is known.
 */
export type KafkaErrorKind = 'refused' | 'not now' | 'silent'

type KafkaError = Error & { type?: string; retriable?: boolean; errors?: readonly unknown[] }

/** kafkajs wraps errors in one another, and calls some transient ones not retriable: the innermost answer counts. */
export function kafkaErrorKind(error: unknown): KafkaErrorKind {
  if (isCredentialsError(error)) return 'refused'
  const answer = causes(error).find(({ type }) => type !== undefined)
  if (!answer) return 'silent'
  return answer.retriable || answer.type === 'UNKNOWN_TOPIC_OR_PARTITION' ? 'not now' : 'refused'
}

export const isUnknownTopic = (error: unknown) =>
  causes(error).some(({ type }) => type === 'UNKNOWN_TOPIC_OR_PARTITION' || type === 'INVALID_TOPIC_EXCEPTION')

const isCredentialsError = (error: unknown) =>
  causes(error).some(({ name, type }) => name === 'KafkaJSSASLAuthenticationError' || /SASL/.test(type ?? ''))

const isForbidden = (error: unknown) => causes(error).some(({ type }) => /AUTHORIZATION_FAILED/.test(type ?? ''))

/** The mistake in the configuration that an error of Kafka's betrays, if it does. */
export function kafkaMistake(error: unknown, topic: string): ConfigError | undefined {
  const because = (text: string) => new ConfigError(`The configuration is not right:\n  ${text}`, { cause: error })
  if (isCredentialsError(error)) {
    return because(
      'KAFKA_USERNAME and KAFKA_PASSWORD are refused by Kafka, or KAFKA_SASL_MECHANISM is not one it offers',
    )
  }
  if (isForbidden(error)) return because(`KAFKA_USERNAME may not use the topic ${topic} (KAFKA_TOPIC)`)
  if (!isUnknownTopic(error)) return undefined
  const command = `kafka-topics.sh --bootstrap-server … --create --topic ${topic} --partitions 12`
  return because(`KAFKA_TOPIC names a topic that Kafka does not have. Create it: ${command}`)
}

/** The error, its causes, and what an AggregateError holds. */
function causes(error: unknown): KafkaError[] {
  if (!(error instanceof Error)) return []
  const { errors = [] } = error as KafkaError
  return [error, ...causes(error.cause), ...errors.flatMap(causes)]
}

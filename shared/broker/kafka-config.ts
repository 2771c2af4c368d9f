import * as v from 'valibot'
import type { ConfigRule } from '../config.ts'

export const kafkaDefaults = {
  topic: 'activities',
  deadLetterTopic: 'activities-dead-letter',
  group: 'persist',
} as const

/** A list such as `host:port,host:port`. */
const Brokers = v.pipe(
  v.string(),
  v.transform((text) => text.split(',').map((broker) => broker.trim())),
  v.check((brokers) => brokers.every(isHostAndPort), 'must be a comma-separated list of host:port'),
)

/** A topic name that Kafka allows. */
const TopicName = v.pipe(
  v.string(),
  v.regex(/^(?!\.{1,2}$)[\w.-]{1,249}$/, 'must be 1 to 249 letters, digits, ".", "_" or "-"'),
)

const Mechanism = v.picklist(
  ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'],
  'must be PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512',
)

const OnOff = v.pipe(
  v.picklist(['true', 'false'], 'must be true or false'),
  v.transform((text) => text === 'true'),
)

const topic = { KAFKA_TOPIC: v.optional(TopicName, kafkaDefaults.topic) }
const deadLetterTopic = { KAFKA_DEAD_LETTER_TOPIC: v.optional(TopicName, kafkaDefaults.deadLetterTopic) }

/** The topic names alone, for functions that receive records without connecting to Kafka. */
export const topicEntries = { ...topic, ...deadLetterTopic }

/** The variables for connecting to Kafka, as one group of a function's configuration. */
export const kafkaEntries = {
  KAFKA_BROKERS: Brokers,
  ...topic,
  KAFKA_SASL_MECHANISM: v.optional(Mechanism),
  KAFKA_USERNAME: v.optional(v.string()),
  KAFKA_PASSWORD: v.optional(v.string()),
  KAFKA_TLS: v.optional(OnOff, 'false'),
  /** Certificates as PEM text of the authorities to trust instead of those of the system. */
  KAFKA_TLS_CA: v.optional(
    v.pipe(v.string(), v.includes('-----BEGIN CERTIFICATE-----', 'must be certificates as PEM text')),
  ),
}

/** Additional variables for consumers of a topic. */
export const kafkaConsumerEntries = {
  ...deadLetterTopic,
  KAFKA_GROUP: v.optional(v.string(), kafkaDefaults.group),
}

type KafkaConfig = v.InferOutput<v.ObjectSchema<typeof kafkaEntries, undefined>>

export type KafkaConnection = {
  brokers: readonly string[]
  sasl?: { mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'; username: string; password: string }
  tls?: { ca?: string }
}

/** Checks variables that have a meaning only together. */
export const kafkaRule: ConfigRule = (set) => {
  const lines: string[] = []
  const credentials = ['KAFKA_USERNAME', 'KAFKA_PASSWORD']
  if (set['KAFKA_SASL_MECHANISM']) {
    lines.push(
      ...credentials.filter((name) => !set[name]).map((name) => `${name} is required with KAFKA_SASL_MECHANISM`),
    )
  } else if (credentials.some((name) => set[name])) {
    lines.push('KAFKA_SASL_MECHANISM is required with KAFKA_USERNAME and KAFKA_PASSWORD')
  }
  if (set['KAFKA_TLS_CA'] && set['KAFKA_TLS'] !== 'true') lines.push('KAFKA_TLS must be true if KAFKA_TLS_CA is set')
  return lines
}

/** Turns the variables into a connection. */
export function kafkaConnection(config: KafkaConfig): KafkaConnection {
  const { KAFKA_BROKERS: brokers, KAFKA_SASL_MECHANISM: mechanism, KAFKA_TLS_CA: ca } = config
  const { KAFKA_USERNAME: username = '', KAFKA_PASSWORD: password = '' } = config
  return {
    brokers,
    ...(mechanism && { sasl: { mechanism, username, password } }),
    ...(config.KAFKA_TLS && { tls: ca === undefined ? {} : { ca } }),
  }
}

function isHostAndPort(text: string): boolean {
  const port = /^[\w.-]+:(\d{1,5})$/.exec(text)?.[1]
  return port !== undefined && Number(port) >= 1 && Number(port) <= 65_535
}

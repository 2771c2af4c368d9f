import { parseArgs } from 'node:util'
import { kafkaEntries, kafkaRule, topicEntries } from '@activity-log/shared/broker/kafka-config.ts'
import { ConfigError, type Environment, readConfig } from '@activity-log/shared/config.ts'
import { mongoRule } from '@activity-log/shared/store/mongo-client.ts'
import { mongoEntries } from '@activity-log/shared/store/mongo-config.ts'
import * as v from 'valibot'

export const usage = `Usage: npm run books -- [--brokers HOST:PORT,…] [--topic NAME] [--dead-letter-topic NAME] [--write-off] [--json]

Compares what the log knows with what Kafka has, and says of which records it is not known what became of them. It closes
the gaps of those that the dispatcher gave up on: their places stand in the dead-letter topic alone.

  --brokers            else KAFKA_BROKERS; credentials and TLS from the other KAFKA_ variables
  --topic              else KAFKA_TOPIC, or activities
  --dead-letter-topic  else KAFKA_DEAD_LETTER_TOPIC, or activities-dead-letter
  --write-off          gives up what Kafka deleted before its fate was known, so that the books balance again
  --json               the answer as JSON

MongoDB is where MONGODB_URI and MONGODB_DATABASE say. Nothing in Kafka changes. It may run at any time and again, and
exits with 0 when the books balance, with 1 when they do not.`

const Config = v.object({ ...kafkaEntries, ...topicEntries, ...mongoEntries })

const options = {
  brokers: { type: 'string' },
  topic: { type: 'string' },
  'dead-letter-topic': { type: 'string' },
  'write-off': { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
} as const

export type Options = v.InferOutput<typeof Config> & { writeOff: boolean; json: boolean }

/** An option stands before its variable. Undefined when help was asked for. Throws ConfigError with every mistake. */
export function readOptions(args: readonly string[], environment: Environment): Options | undefined {
  const { values } = parseArgs({ args: [...args], options, strict: false })
  if (values.help) return undefined
  const given = (value: string | boolean | undefined, variable: string) =>
    typeof value === 'string' ? value : environment[variable]
  const set = {
    ...environment,
    KAFKA_BROKERS: given(values.brokers, 'KAFKA_BROKERS'),
    KAFKA_TOPIC: given(values.topic, 'KAFKA_TOPIC'),
    KAFKA_DEAD_LETTER_TOPIC: given(values['dead-letter-topic'], 'KAFKA_DEAD_LETTER_TOPIC'),
  }
  try {
    const config = readConfig(Config, set, kafkaRule, mongoRule, () => mistakesIn(args))
    return { ...config, writeOff: values['write-off'] === true, json: values.json === true }
  } catch (error) {
    if (error instanceof ConfigError) throw new ConfigError(`${error.message}\n\n${usage}`)
    throw error
  }
}

function mistakesIn(args: readonly string[]): string[] {
  try {
    parseArgs({ args: [...args], options })
    return []
  } catch (error) {
    return [(error as Error).message]
  }
}

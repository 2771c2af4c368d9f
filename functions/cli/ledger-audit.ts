import { kafkaRule, topicEntries } from '@activity-log/shared/broker/kafka-config.ts'
import { type Command, defineCommand } from './command.ts'
import { exitCodes } from './exit-codes.ts'
import { isComplete } from './ledger/compare.ts'
import { reportJson, reportText } from './ledger/report-text.ts'
import { brokersOption, kafkaVariables } from './open-kafka.ts'
import { mongoRules, mongoVariables } from './open-mongo.ts'

export const ledgerCommand: Command = defineCommand({
  name: 'ledger',
  summary: 'compare what the log knows with what Kafka has',
  details: `
Compares what the log knows with what Kafka has, and says of which records it is not known what became of them. It closes
the gaps of those that the dispatcher gave up on: their places stand in the dead-letter topic alone.

Nothing in Kafka changes. It may run at any time and again, and exits with ${exitCodes.done} when the ledger is complete, with
${exitCodes.negative} when it is not.`,
  arguments: {},
  options: {
    brokers: brokersOption,
    topic: {
      value: 'NAME',
      summary: 'the topic of the activities',
      schema: topicEntries.KAFKA_TOPIC,
      variable: 'KAFKA_TOPIC',
    },
    deadLetterTopic: {
      value: 'NAME',
      summary: 'the topic of the dead letters',
      schema: topicEntries.KAFKA_DEAD_LETTER_TOPIC,
      variable: 'KAFKA_DEAD_LETTER_TOPIC',
    },
    abandon: {
      summary: 'give up what Kafka deleted before its outcome was known, so that the ledger is complete again',
    },
    json: { summary: 'answer as JSON' },
  },
  environment: { ...mongoVariables, ...kafkaVariables },
  rules: async () => [kafkaRule, ...(await mongoRules())],
  async run({ json, brokers, topic, ...given }) {
    const { compareWithKafka } = await import('./ledger/compare-with-kafka.ts')
    const report = await compareWithKafka({ ...given, KAFKA_BROKERS: brokers, KAFKA_TOPIC: topic })
    console.log(json ? reportJson(report) : reportText(report))
    return isComplete(report.comparisons) ? exitCodes.done : exitCodes.negative
  },
})

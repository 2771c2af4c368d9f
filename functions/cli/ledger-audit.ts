import { kafkaRule, topicEntries } from '@activity-log/shared/broker/kafka-config.ts'
import { type Command, defineCommand } from './command.ts'
import { exitCodes } from './exit-codes.ts'
import { recordRule, recordVariables } from './ledger/record-act.ts'
import { isReportComplete, reportJson, reportText } from './ledger/report-text.ts'
import { brokersOption, kafkaVariables, topicOption } from './open-kafka.ts'
import { mongoRules, mongoVariables } from './open-mongo.ts'
import { accessOptions } from './running-log.ts'

export const ledgerCommand: Command = defineCommand({
  name: 'ledger',
  summary: 'compare the ledger with Kafka',
  details: `
Compares the ledger with Kafka and lists the records whose outcome is unknown. It also accounts for records that the
dispatcher gave up on, whose positions only the dead-letter topic has.

It changes nothing in Kafka, and you may run it at any time. It exits with ${exitCodes.done} if the ledger is complete,
else with ${exitCodes.negative}.

With --abandon, the log records who does this in the tenant $system, as activity-log.abandon, and nothing is abandoned
unless it can. A log without keys (ACCESS=open) records nothing.`,
  arguments: {},
  options: {
    brokers: brokersOption,
    topic: topicOption,
    deadLetterTopic: {
      value: 'NAME',
      summary: 'the topic of the dead letters',
      schema: topicEntries.KAFKA_DEAD_LETTER_TOPIC,
      variable: 'KAFKA_DEAD_LETTER_TOPIC',
    },
    abandon: {
      summary:
        'abandon records that Kafka deleted before their outcome was known, so that the ledger is complete again',
    },
    key: accessOptions.key,
    json: { summary: 'print JSON' },
  },
  environment: { ...recordVariables, ...mongoVariables, ...kafkaVariables },
  rules: async ({ abandon }) => [...(abandon ? [recordRule] : []), kafkaRule, ...(await mongoRules())],
  async run({ json, brokers, topic, ...given }) {
    const { compareWithKafka } = await import('./ledger/compare-with-kafka.ts')
    const report = await compareWithKafka({ ...given, KAFKA_BROKERS: brokers, KAFKA_TOPIC: topic })
    console.log(json ? reportJson(report) : reportText(report))
    return isReportComplete(report) ? exitCodes.done : exitCodes.negative
  },
})

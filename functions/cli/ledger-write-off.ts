import { kafkaRule } from '@activity-log/shared/broker/kafka-config.ts'
import { type Command, defineCommand } from './command.ts'
import { exitCodes } from './exit-codes.ts'
import { recordRule, recordVariables } from './ledger/record-act.ts'
import { brokersOption, kafkaVariables, topicOption } from './open-kafka.ts'
import { mongoRules, mongoVariables } from './open-mongo.ts'
import { accessOptions } from './running-log.ts'

export const ledgerWriteOffCommand: Command = defineCommand({
  name: 'ledger write-off',
  summary: 'make the ledger forget records that Kafka never had',
  details: `
Whoever can deliver records to persist can invent their positions. The ledger then waits for the records before them,
and is not complete. This command makes it forget the positions that Kafka does not have: those in partitions that the
topic does not have, and those at or after the end of a partition. Their activities and dead letters stay.

It changes nothing in Kafka, and you may run it as often as you like. It refuses if the store belongs to another topic,
since it would then write off everything.

The log records who does this in the tenant $system, as activity-log.write-off, and nothing is written off unless it
can. A log without keys (ACCESS=open) records nothing.`,
  arguments: {},
  options: {
    brokers: brokersOption,
    topic: topicOption,
    key: accessOptions.key,
  },
  environment: { ...recordVariables, ...mongoVariables, ...kafkaVariables },
  rules: async () => [recordRule, kafkaRule, ...(await mongoRules())],
  async run({ brokers, topic, ...given }) {
    const { writeOffBeyondKafka } = await import('./ledger/write-off-beyond-kafka.ts')
    const count = await writeOffBeyondKafka({ ...given, KAFKA_BROKERS: brokers, KAFKA_TOPIC: topic })
    console.log(`${count.toLocaleString('en')} ${count === 1 ? 'record' : 'records'} written off.`)
    return exitCodes.done
  },
})

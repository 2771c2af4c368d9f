import { kafkaRangesOf } from '@activity-log/shared/broker/kafka-read.ts'
import { StartError } from '@activity-log/shared/config.ts'
import type { LedgerSummary } from '@activity-log/shared/ledger-summary.ts'
import { type Connected, optionOfTopic, overBoth } from './over-both.ts'
import { type RecordWith, recordAct } from './record-act.ts'

/** Resolves with the number of records. Rejects with ConfigError, StartError or ServiceUnavailable. */
export function writeOffBeyondKafka(options: Connected & RecordWith): Promise<number> {
  const { KAFKA_TOPIC: topic } = options
  return overBoth(options, [{ topic, variable: optionOfTopic }], async ({ admin, store }) => {
    const readEnds = async () => {
      const ends: number[] = []
      for (const { partition, end } of await kafkaRangesOf(admin, topic)) ends[partition] = end
      return Array.from(ends, (end = 0) => end)
    }
    const ledger = await store.ledger()
    assertSameTopic(ledger, await readEnds(), topic)
    await recordAct('write-off', options, topic)
    return store.writeOff(readEnds)
  })
}

/** A store of the topic is complete up to Kafka's end at most, unless a forged record follows the very last one. */
function assertSameTopic({ partitions }: LedgerSummary, ends: readonly number[], topic: string) {
  for (const { partition, completeThrough } of partitions) {
    const end = ends[partition]
    if (end === undefined || completeThrough <= end) continue
    throw new StartError(
      `The store knows every record of partition ${partition} through offset ${completeThrough}, but ${topic} in Kafka` +
        ` ends at ${end}. It was recreated, or is not the topic of this store. Nothing was written off.`,
    )
  }
}

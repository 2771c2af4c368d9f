import { startProgress } from '../progress-line.ts'
import { type Connected, optionOfTopic, overBoth } from './over-both.ts'
import { type RecordWith, recordAct } from './record-act.ts'
import { makeReport, type Report } from './report.ts'

export type Compared = Connected & RecordWith & { deadLetterTopic: string; abandon: boolean }

/** Rejects with ConfigError or with ServiceUnavailable. */
export function compareWithKafka(options: Compared): Promise<Report> {
  const { KAFKA_TOPIC: topic, deadLetterTopic, abandon } = options
  const topics = [
    { topic, variable: optionOfTopic },
    { topic: deadLetterTopic, variable: '--dead-letter-topic (KAFKA_DEAD_LETTER_TOPIC)' },
  ]
  return overBoth(options, topics, async (both) => {
    using progress = startProgress(deadLetterTopic)
    const onAbandon = abandon ? () => recordAct('abandon', options, topic) : undefined
    return await makeReport({ ...both, topic, deadLetterTopic, onAbandon, onProgress: progress.update })
  })
}

import { readClaims, toPosition } from '@activity-log/shared/delivery-headers.ts'
import { type SourceRecord, sinkRequest } from '@activity-log/shared/dispatch/sink-request.ts'
import { deadLetterId } from '@activity-log/shared/store/dead-letter-id.ts'
import type { WrittenOutcome } from '@activity-log/shared/store/ledger.ts'

/**
 * Reads the outcome of a record that the dispatcher gave up on, from its copy in the dead-letter topic. Only the
 * headers of the copy tell the position of the record; without it, this returns undefined. The outcome names the dead
 * letter that persist makes when the second KafkaSource delivers the copy.
 */
export function undeliveredOutcome(record: SourceRecord, deadLetterTopic: string): WrittenOutcome | undefined {
  const { ce_knativekafkapartition, ce_knativekafkaoffset } = record.headers
  const first = toPosition({ partition: ce_knativekafkapartition, offset: ce_knativekafkaoffset })
  if (!first) return undefined
  const { headers, body } = sinkRequest(record, { namespace: '', name: '', topic: deadLetterTopic })
  const position = { partition: record.partition, offset: record.offset }
  const deadLetter = deadLetterId({ reason: 'undelivered', position, body })
  return { position: first, outcome: 'rejected', ...readClaims(headers), deadLetter }
}

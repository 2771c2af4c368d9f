import { readClaims, toPosition } from '@activity-log/shared/delivery-headers.ts'
import { type SourceRecord, sinkRequest } from '@activity-log/shared/dispatch/sink-request.ts'
import { deadLetterId } from '@activity-log/shared/store/dead-letter-id.ts'
import type { WrittenOutcome } from '@activity-log/shared/store/ledger.ts'

/**
 * The outcome that a record of the dead-letter topic tells of: of the record that the dispatcher gave up on, whose position
 * only these headers hold. Undefined without one. The dead letter is what persist makes of the request that the second
 * KafkaSource makes of this record.
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

import { maxPollRecords } from '@activity-log/shared/dispatch/delivery.ts'
import type { SourceRecord } from '@activity-log/shared/dispatch/sink-request.ts'
import { toSourceRecord } from '@activity-log/shared/dispatch/source-record.ts'
import type { EachBatchPayload } from 'kafkajs'
import type { Dispatch } from './dispatch.ts'
import type { InFlight } from './in-flight.ts'
import type { Partition, Partitions } from './partitions.ts'

export type TakeOptions = {
  dispatch: Dispatch
  inFlight: InFlight
  partitions: Partitions
  mayTake: () => boolean
  /** For what is no failure of a delivery but a fault. */
  onFailure: (error: unknown) => void
}

/**
 * Takes records over from kafkajs and lets it go on: no delivery keeps it from its heartbeats, however long that takes.
 * Where it goes on is said record by record, in the same step in which the record is taken.
 */
export function createTake({ dispatch, inFlight, partitions, mayTake, onFailure }: TakeOptions) {
  /** As soon as there is room, all at once and in no order. */
  return async function take(payload: EachBatchPayload): Promise<void> {
    const { batch, heartbeat, resolveOffset, isRunning, isStale } = payload
    const partition = partitions.get(batch.partition)
    if (!partition) return
    const isCurrent = () => mayTake() && partitions.get(batch.partition) === partition && isRunning() && !isStale()
    for (let at = 0; at < batch.messages.length; at += maxPollRecords) {
      while (isCurrent() && inFlight.size() >= maxPollRecords) {
        await inFlight.changed()
        // rejects when the group is rebalancing
        await heartbeat()
      }
      // while this waited, the partition may have gone, or the stop have come
      if (!isCurrent()) return
      for (const message of batch.messages.slice(at, at + maxPollRecords)) {
        const record = toSourceRecord(batch.partition, message)
        partition.progress.taken(record.offset)
        resolveOffset(message.offset)
        inFlight.add(deliver(record, partition))
      }
    }
    partition.progress.passed(Number(batch.lastOffset()))
  }

  async function deliver(record: SourceRecord, { progress, release }: Partition) {
    try {
      await dispatch(record, release.signal)
      progress.finished(record.offset)
    } catch (error) {
      if (!release.signal.aborted) onFailure(error)
    }
  }
}

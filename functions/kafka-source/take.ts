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
  /** Gets errors that are faults of ours, not failed deliveries. */
  onFailure: (error: unknown) => void
}

/**
 * Takes records from kafkajs without making it wait for their deliveries, so a slow delivery never holds up its
 * heartbeats. Each offset is resolved in the same step in which its record is taken.
 */
export function createTake({ dispatch, inFlight, partitions, mayTake, onFailure }: TakeOptions) {
  /** Starts deliveries as soon as there is room, concurrently and in no order. */
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
      // during the wait the partition may have been taken away, or a stop may have begun
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

import { maxPollRecords } from '@activity-log/shared/dispatch/delivery.ts'
import type { SourceRecord } from '@activity-log/shared/dispatch/sink-request.ts'
import { toSourceRecord } from '@activity-log/shared/dispatch/source-record.ts'
import type { EachBatchPayload } from 'kafkajs'
import type { Dispatch } from './dispatch.ts'
import type { InFlight } from './in-flight.ts'
import type { Partition, Partitions } from './partitions.ts'

export type Ordering = 'unordered' | 'ordered'
export type TakeOptions = {
  ordering: Ordering
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
export function createTake({ ordering, dispatch, inFlight, partitions, mayTake, onFailure }: TakeOptions) {
  return async function take(payload: EachBatchPayload): Promise<void> {
    const { batch, isRunning, isStale } = payload
    const partition = partitions.get(batch.partition)
    if (!partition) return
    const isOurs = () => mayTake() && partitions.get(batch.partition) === partition
    const isCurrent = () => isOurs() && isRunning() && !isStale()
    if (ordering === 'unordered') await takeAll(payload, partition, isCurrent)
    else if (isCurrent()) takeSome(payload, partition, isOurs)
  }

  /** unordered: as soon as there is room, all at once. */
  async function takeAll(
    { batch, heartbeat, resolveOffset }: EachBatchPayload,
    partition: Partition,
    isCurrent: () => boolean,
  ) {
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
        inFlight.add(deliverEach([record], partition))
      }
    }
    partition.progress.passed(Number(batch.lastOffset()))
  }

  /** ordered: one after the other, and no more of the partition until they are done. */
  function takeSome({ batch, resolveOffset, pause }: EachBatchPayload, partition: Partition, isOurs: () => boolean) {
    const resume = pause()
    const records = batch.messages.slice(0, maxPollRecords).map((message) => toSourceRecord(batch.partition, message))
    for (const { offset } of records) {
      partition.progress.taken(offset)
      resolveOffset(String(offset))
    }
    if (records.length === batch.messages.length) partition.progress.passed(Number(batch.lastOffset()))
    inFlight.add(deliverEach(records, partition).then(() => isOurs() && resume()))
  }

  async function deliverEach(records: readonly SourceRecord[], { progress, release }: Partition) {
    try {
      for (const record of records) {
        await dispatch(record, release.signal)
        progress.finished(record.offset)
      }
    } catch (error) {
      if (!release.signal.aborted) onFailure(error)
    }
  }
}

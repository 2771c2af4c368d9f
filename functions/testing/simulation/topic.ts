import type { EventRecord } from '@activity-log/shared/activity-recorded.ts'
import type { Position } from '@activity-log/shared/receipt.ts'

export type AppendedRecord = Position & { headers: EventRecord['headers']; value: Buffer | null }

/** The part of a partition that a consumer fetches: records up to and including an offset. There may be none. */
export type Batch = { records: readonly AppendedRecord[]; lastOffset: number }

/** Partitions as logs: appended records stay. */
export type Topic = {
  name: string
  partitions: number
  /** Appends records to one partition, and returns their positions. */
  append(records: readonly Omit<AppendedRecord, 'partition' | 'offset'>[], partition: number): readonly Position[]
  /** Leaves an offset without a record, as transactions do. */
  skip(partition: number): void
  read(partition: number, from: number, max: number): Batch | undefined
  /** The offset of the next record. */
  end(partition: number): number
  all(): readonly AppendedRecord[]
  /** Resolves when something has been appended. */
  appended(): Promise<void>
}

export function createTopic(name: string, partitions: number): Topic {
  const logs = Array.from({ length: partitions }, (): (AppendedRecord | undefined)[] => [])
  const logOf = (partition: number) => logs[partition] ?? []
  let { promise, resolve } = Promise.withResolvers<void>()
  return {
    name,
    partitions,
    append(records, partition) {
      const log = logOf(partition)
      const positions = records.map((record) => {
        const position = { partition, offset: log.length }
        log.push({ ...record, ...position })
        return position
      })
      resolve()
      ;({ promise, resolve } = Promise.withResolvers<void>())
      return positions
    },
    skip: (partition) => void logOf(partition).push(undefined),
    read(partition, from, max) {
      const entries = logOf(partition).slice(from, from + max)
      if (entries.length === 0) return undefined
      return { records: entries.filter((entry) => entry !== undefined), lastOffset: from + entries.length - 1 }
    },
    end: (partition) => logOf(partition).length,
    all: () => logs.flat().filter((entry) => entry !== undefined),
    appended: () => promise,
  }
}

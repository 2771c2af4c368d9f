import type { Position } from '@activity-log/shared/receipt.ts'
import type { Deliveries } from './deliveries.ts'
import type { Server } from './network.ts'
import type { AppendedRecord } from './topic.ts'

/** The whole log in one of its forms, with processes that start and stop. */
export type Deployment = {
  /** Includes every server that is running now. */
  ingest: readonly Server[]
  persist: readonly Server[]
  query: readonly Server[]
  deliveries: Deliveries
  /** Injects a fault into one of the processes. */
  injectFault(): void
  /** Restarts everything that has ended. */
  restore(): void
  /** Whether every record has an outcome. */
  isSettled(): boolean
  /** The progress of the run, for people. */
  state(): string
  records(): readonly AppendedRecord[]
  undelivered(): readonly { position: Position; body: Uint8Array | null }[]
  /** The positions on the dead-letter topic. */
  deadLetterRecords(): readonly Position[]
  /** Puts a record that is not an activity straight into the queue. */
  injectRecord(record: Omit<AppendedRecord, keyof Position>): void
}

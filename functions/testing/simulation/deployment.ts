import type { Position } from '@activity-log/shared/receipt.ts'
import type { Deliveries } from './deliveries.ts'
import type { Server } from './network.ts'
import type { AppendedRecord } from './topic.ts'

/** The whole log, in one of its forms, with processes that come and go. */
export type Deployment = {
  /** Those that run at the moment are among them. */
  ingest: readonly Server[]
  persist: readonly Server[]
  query: readonly Server[]
  deliveries: Deliveries
  /** Something happens to one of its processes. */
  injectFault(): void
  /** Everything that has ended runs again. */
  restore(): void
  /** Whether every record has been dealt with. */
  isSettled(): boolean
  /** How far it is, for people. */
  state(): string
  records(): readonly AppendedRecord[]
  undelivered(): readonly { position: Position; body: Uint8Array | null }[]
  /** Those of the topic for dead letters. */
  deadLetterRecords(): readonly Position[]
  /** Puts what is no record of ours straight into the queue. */
  injectRecord(record: Omit<AppendedRecord, keyof Position>): void
}

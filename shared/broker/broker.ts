import type { EventRecord } from '../activity-recorded.ts'
import type { Position } from '../receipt.ts'

export interface Broker extends AsyncDisposable {
  /**
   * Resolves with the positions of the records, in the same order, once every record is durable. Rejects if any may not
   * be durable: it is then unknown which are, and the caller may publish all of them again.
   */
  publish(records: readonly EventRecord[]): Promise<readonly Position[]>
  /** Whether so many more records and bytes of an owner may be published. A queue without it has room for all. */
  hasRoom?(owner: string, records: number, bytes: number): boolean
}

import type { EventRecord } from '../activity-recorded.ts'
import type { Position } from '../receipt.ts'

export interface Broker extends AsyncDisposable {
  /**
   * Resolves once every record is durable, with their positions in the same order. Rejects if any may not be: then it is
   * unknown which are, and the caller may send all of them again.
   */
  publish(records: readonly EventRecord[]): Promise<readonly Position[]>
}

import { type LedgerSummary, noCounts } from '@activity-log/shared/ledger-summary.ts'
import type { Position } from '@activity-log/shared/receipt.ts'
import type { AppendedRecord } from './topic.ts'

/** The outcome that each receipt reports for its record, by the name of the record's position. */
export type Told = ReadonlyMap<string, { status: string; id?: string }>
/** The answer to GET /ledger. */
export type ToldLedger = {
  complete: boolean
  partitions: readonly {
    partition: number
    last: number
    counts: { [outcome: string]: number }
    missing: readonly { from: number; to: number }[]
    missingCount: number
  }[]
}

export const nameOf = ({ partition, offset }: Position) => `${partition}/${offset}`

/** The receipts and the ledger have to agree, down to the last offset. */
export function checkLedger(
  records: readonly AppendedRecord[],
  told: Told,
  ledger: ToldLedger,
  undelivered: readonly Position[],
  violate: (violation: string) => void,
): void {
  const known = records.filter((record) => (told.get(nameOf(record))?.status ?? 'pending') !== 'pending')
  for (const [partition, own] of Map.groupBy(known, (record) => record.partition)) {
    const summary = ledger.partitions.find((one) => one.partition === partition)
    const offsets = new Set(own.map(({ offset }) => offset))
    const last = Math.max(...offsets)
    const missing = Array.from({ length: last }, (_, offset) => offset).filter((offset) => !offsets.has(offset))
    const counts = { ...noCounts, ...countOf(own, told) }
    // a record that was dead-lettered and then given up has two dead letters, and may be counted as either
    const isClear = !undelivered.some((position) => position.partition === partition)
    const inAll = (some: { [outcome: string]: number } = {}) =>
      Object.values(some).reduce((sum, count) => sum + count, 0)
    const expected = JSON.stringify({ partition, last, counts: isClear ? counts : inAll(counts), missing })
    const said = JSON.stringify({
      partition: summary?.partition,
      last: summary?.last,
      counts: isClear ? summary?.counts : inAll(summary?.counts),
      missing: (summary?.missing ?? []).flatMap(({ from, to }) =>
        Array.from({ length: to - from + 1 }, (_, index) => from + index),
      ),
    })
    if (said !== expected) violate(`the ledger reports ${said}, the receipts ${expected}`)
  }
  const isComplete = ledger.partitions.every(({ missingCount }) => missingCount === 0)
  if (ledger.complete !== isComplete)
    violate(`the ledger is${ledger.complete ? '' : ' not'} complete: ${JSON.stringify(ledger)}`)
}

function countOf(records: readonly AppendedRecord[], told: Told): { [outcome: string]: number } {
  const byOutcome = Map.groupBy(records, (record) => told.get(nameOf(record))?.status ?? '')
  return Object.fromEntries([...byOutcome].map(([outcome, those]) => [outcome, those.length]))
}

/** Whether the ledger reports that something is missing at this position. */
export function isMissing(ledger: LedgerSummary, { partition, offset }: Position): boolean {
  const summary = ledger.partitions.find((one) => one.partition === partition)
  return summary?.missing.some(({ first, last }) => first <= offset && offset <= last) ?? false
}

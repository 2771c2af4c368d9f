import type { Books } from '@activity-log/shared/books.ts'
import type { Position } from '@activity-log/shared/receipt.ts'
import type { AppendedRecord } from './topic.ts'

/** The outcome of a record as its receipt is answered, by the name of its position. */
export type Told = ReadonlyMap<string, { status: string; id?: string }>
/** GET /books. */
export type ToldBooks = {
  balanced: boolean
  partitions: readonly {
    partition: number
    last: number
    counts: { [outcome: string]: number }
    missing: readonly { from: number; to: number }[]
    missingCount: number
  }[]
}

export const nameOf = ({ partition, offset }: Position) => `${partition}/${offset}`

/** What the receipts say and what the books say has to be one and the same, down to the last offset. */
export function checkBooks(
  records: readonly AppendedRecord[],
  told: Told,
  books: ToldBooks,
  buried: readonly Position[],
  object: (violation: string) => void,
): void {
  const known = records.filter((record) => (told.get(nameOf(record))?.status ?? 'pending') !== 'pending')
  for (const [partition, own] of Map.groupBy(known, (record) => record.partition)) {
    const book = books.partitions.find((one) => one.partition === partition)
    const offsets = new Set(own.map(({ offset }) => offset))
    const last = Math.max(...offsets)
    const missing = Array.from({ length: last }, (_, offset) => offset).filter((offset) => !offsets.has(offset))
    const counts = { stored: 0, duplicate: 0, conflict: 0, refused: 0, ...countOf(own, told) }
    // one that was given up after it was parked has two dead letters, and may be counted as either
    const isClear = !buried.some((position) => position.partition === partition)
    const inAll = (some: { [outcome: string]: number } = {}) =>
      Object.values(some).reduce((sum, count) => sum + count, 0)
    const expected = JSON.stringify({ partition, last, counts: isClear ? counts : inAll(counts), missing })
    const said = JSON.stringify({
      partition: book?.partition,
      last: book?.last,
      counts: isClear ? book?.counts : inAll(book?.counts),
      missing: (book?.missing ?? []).flatMap(({ from, to }) =>
        Array.from({ length: to - from + 1 }, (_, index) => from + index),
      ),
    })
    if (said !== expected) object(`the books say ${said}, the receipts ${expected}`)
  }
  const isComplete = books.partitions.every(({ missingCount }) => missingCount === 0)
  if (books.balanced !== isComplete)
    object(`the books are${books.balanced ? '' : ' not'} balanced: ${JSON.stringify(books)}`)
}

function countOf(records: readonly AppendedRecord[], told: Told): { [outcome: string]: number } {
  const byOutcome = Map.groupBy(records, (record) => told.get(nameOf(record))?.status ?? '')
  return Object.fromEntries([...byOutcome].map(([outcome, those]) => [outcome, those.length]))
}

/** Whether the books know that something is missing there. */
export function isMissing(books: Books, { partition, offset }: Position): boolean {
  const book = books.partitions.find((one) => one.partition === partition)
  return book?.missing.some(({ first, last }) => first <= offset && offset <= last) ?? false
}

import { type CountedRange, type Counts, noCounts } from '../ledger-summary.ts'

/** Older names that databases in use contain for an outcome, or for the reason of a dead letter. */
const storedNames = { rejected: 'refused' } as const

export type StoredName<Name extends string> = Name extends keyof typeof storedNames ? (typeof storedNames)[Name] : Name
type StoredCounts = { readonly [name in StoredName<keyof Counts>]: number }

/** A counted range, with its counts under their stored names. */
export type StoredRange = Omit<CountedRange, 'counts'> & { counts: StoredCounts }

const byName = new Map<string, string>(Object.entries(storedNames))
const byStored = new Map<string, string>(Object.entries(storedNames).map(([name, stored]) => [stored, name]))

export const toStoredName = <Name extends string>(name: Name) => (byName.get(name) ?? name) as StoredName<Name>

export const fromStoredName = <Name extends string>(stored: StoredName<Name>) =>
  (byStored.get(stored) ?? stored) as Name

export const toStoredCounts = (counts: Counts) => mapNames(counts, toStoredName) as StoredCounts

export const fromStoredCounts = (stored: StoredCounts): Counts => ({ ...noCounts, ...mapNames(stored, fromStoredName) })

const mapNames = (counts: object, toName: (name: string) => string) =>
  Object.fromEntries(Object.entries(counts).map(([name, count]) => [toName(name), count]))

export const toStoredRange = ({ counts, ...bounds }: CountedRange): StoredRange => ({
  ...bounds,
  counts: toStoredCounts(counts),
})

export const fromStoredRange = ({ counts, ...bounds }: StoredRange): CountedRange => ({
  ...bounds,
  counts: fromStoredCounts(counts),
})

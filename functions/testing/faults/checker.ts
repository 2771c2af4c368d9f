import { isDeepStrictEqual } from 'node:util'
import type { SentActivity } from '@activity-log/shared/activity.ts'
import type { FoundActivity } from '@activity-log/shared/document.ts'
import type { Attempt, Poison } from './history.ts'

/** Everything that the log reports once it has settled. Members that were not read are undefined. */
export type Observed = {
  /** Every row of every page, including rows that appear twice. */
  found: readonly FoundActivity[]
  deadLetters?: readonly FoundDeadLetter[]
  receipts?: ReadonlyMap<string, FoundReceipt>
  ledger?: LedgerSummary
  /** The number of records in each partition of the topic, as Kafka reports it. */
  ends?: ReadonlyMap<number, number>
}
/** `isThere`: whether the links of the receipt lead to something. */
export type FoundReceipt = { status: string; isThere: boolean }
export type FoundDeadLetter = { id: string; reason: string; body: Buffer }
export type LedgerSummary = {
  complete: boolean
  partitions: readonly {
    partition: number
    first: number | null
    last: number | null
    counts: { [outcome: string]: number }
    missingCount: number
  }[]
}

export type Problem = { rule: Rule; about: string }
export type Rule =
  | 'lost'
  | 'duplicated'
  | 'altered'
  | 'never sent'
  | 'rejected but stored'
  | 'neither rejected nor dead-lettered'
  | 'stored and dead-lettered'
  | 'pending'
  | 'dead letter missing'
  | 'incomplete'
  | 'late'
  | 'cut off'
  | 'not accepted'
  | 'unbounded'
  | 'did not run'

export type Verdict = {
  /** The number of different activities. */
  sent: number
  acknowledged: number
  rejected: number
  unknown: number
  found: number
  deadLetters: number
  duplicates: number
  lost: number
  complete: boolean | undefined
  /** Totals over all partitions. */
  outcomes: { [outcome: string]: number }
  problems: readonly Problem[]
}

/** All attempts to send one activity: the same id with the same content. */
type Sent = { id: string; activity: SentActivity; outcomes: Set<Attempt['outcome']> }

/**
 * Acknowledged: found exactly once, or a dead letter. Unknown: at most once. Rejected: absent. Nothing is found that
 * was never sent. Every position has an outcome.
 */
export function check(
  history: { attempts: readonly Attempt[]; poison: readonly Poison[] },
  observed: Observed,
): Verdict {
  const problems: Problem[] = []
  const violate = (rule: Rule, about: string) => void problems.push({ rule, about })
  const sent = sentIn(history.attempts)
  const ofId = Map.groupBy(sent, ({ id }) => id)
  const rowsOf = Map.groupBy(observed.found, ({ id }) => id)
  const letters = (observed.deadLetters ?? []).map((letter) => ({ ...letter, activity: activityIn(letter.body) }))
  const lettersOf = Map.groupBy(letters, ({ activity }) => activity?.id ?? '')

  let duplicates = 0
  for (const [id, rows] of rowsOf) {
    if (rows.length > 1) {
      duplicates += rows.length - 1
      violate('duplicated', id)
    }
    const known = ofId.get(id)
    if (!known) violate('never sent', id)
    else if (!rows.every((row) => known.some(({ activity }) => isSame(activity, row)))) violate('altered', id)
  }

  let lost = 0
  for (const { id, activity, outcomes } of sent) {
    const isRow = (rowsOf.get(id) ?? []).some((row) => isSame(activity, row))
    const dead = (lettersOf.get(id) ?? []).filter((letter) => letter.activity && isSame(activity, letter.activity))
    const isDead = dead.length > 0
    // a row that differs was altered, as reported above, or the dead letters that explain it were not read
    const isAccountedFor = rowsOf.has(id) && (ofId.get(id)?.length === 1 || !observed.deadLetters)
    if (outcomes.has('ok') && !isRow && !isDead && !isAccountedFor) {
      lost++
      violate('lost', id)
    }
    if (outcomes.has('rejected') && !outcomes.has('ok') && (isRow || isDead)) violate('rejected but stored', id)
    if (isRow && dead.some(({ reason }) => reason !== 'undelivered')) violate('stored and dead-lettered', id)
  }

  if (observed.deadLetters) {
    for (const { name, body } of history.poison) {
      if (!letters.some((letter) => letter.body.equals(body))) violate('neither rejected nor dead-lettered', name)
    }
  }
  for (const [receipt, { status, isThere }] of observed.receipts ?? []) {
    if (status === 'pending') violate('pending', receipt)
    if (!isThere) violate('dead letter missing', receipt)
  }
  for (const about of whatIsMissing(observed)) violate('incomplete', about)

  const has = (outcome: Attempt['outcome']) => sent.filter(({ outcomes }) => outcomes.has(outcome)).length
  return {
    sent: sent.length,
    acknowledged: has('ok'),
    rejected: has('rejected'),
    unknown: sent.filter(({ outcomes }) => outcomes.size === 1 && outcomes.has('unknown')).length,
    found: observed.found.length,
    deadLetters: letters.length,
    duplicates,
    lost,
    outcomes: outcomesIn(observed.ledger),
    complete: observed.ledger && !problems.some(({ rule }) => rule === 'incomplete'),
    problems,
  }
}

function sentIn(attempts: readonly Attempt[]): Sent[] {
  const sent = new Map<string, Sent>()
  for (const { id, activity, outcome } of attempts) {
    const key = JSON.stringify(activity)
    const known = sent.get(key) ?? { id, activity, outcomes: new Set() }
    known.outcomes.add(outcome)
    sent.set(key, known)
  }
  return [...sent.values()]
}

/** Members that the client left out were filled in by the log, which is no difference. */
function isSame(sent: SentActivity, found: Partial<FoundActivity>): boolean {
  return (
    sent.userId === found.userId &&
    sent.action === found.action &&
    (sent.timestamp === undefined || sent.timestamp === found.timestamp) &&
    isDeepStrictEqual(sent.metadata ?? {}, found.metadata ?? {})
  )
}

function activityIn(body: Buffer): FoundActivity | undefined {
  try {
    const value: unknown = JSON.parse(body.toString())
    return typeof value === 'object' && value !== null && 'id' in value ? (value as FoundActivity) : undefined
  } catch {
    return undefined
  }
}

/** Totals over all partitions. */
export function outcomesIn(ledger: LedgerSummary | undefined): Verdict['outcomes'] {
  const outcomes: Verdict['outcomes'] = {}
  for (const { counts } of ledger?.partitions ?? []) {
    for (const [outcome, count] of Object.entries(counts)) outcomes[outcome] = (outcomes[outcome] ?? 0) + count
  }
  return outcomes
}

/** Checks the ledger by itself, against Kafka's own count, and against the rows. */
function* whatIsMissing({ ledger, ends, found }: Observed): Generator<string> {
  if (!ledger) return
  if (!ledger.complete) yield 'the ledger reports that it is incomplete'
  let stored = 0
  for (const { partition, first, last, counts, missingCount } of ledger.partitions) {
    const known = Object.values(counts).reduce((sum, count) => sum + count, 0)
    const size = first === null || last === null ? 0 : last - first + 1
    stored += counts['stored'] ?? 0
    if (missingCount > 0) yield `partition ${partition}: ${missingCount} positions have no outcome`
    if (known + missingCount !== size)
      yield `partition ${partition}: ${known} outcomes and ${missingCount} missing for ${size} positions`
  }
  for (const [partition, end] of ends ?? []) {
    const row = ledger.partitions.find((one) => one.partition === partition)
    const next = row?.last === undefined || row.last === null ? 0 : row.last + 1
    if (next !== end) yield `partition ${partition}: Kafka has ${end} records, the ledger knows ${next}`
    if (end > 0 && row && row.first !== 0) yield `partition ${partition}: the ledger begins at ${row.first}`
  }
  if (stored !== found.length) yield `${stored} positions are stored, but ${found.length} rows exist`
}

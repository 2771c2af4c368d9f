import type { FoundActivity } from '@activity-log/shared/document.ts'
import { type Position, readReceipt } from '@activity-log/shared/receipt.ts'
import type { KeptDeadLetter } from '@activity-log/shared/store/dead-letters.ts'
import { checkLedger, nameOf, type Told, type ToldLedger } from './check-ledger.ts'
import type { Intent } from './clients.ts'
import type { Deliveries } from './deliveries.ts'
import type { AppendedRecord } from './topic.ts'

/** Everything that is known when the simulation has settled. */
export type Settled = {
  intents: readonly Intent[]
  found: readonly FoundActivity[]
  deadLetters: readonly KeptDeadLetter[]
  /** The records that the dispatcher gave up on, with their original positions. */
  undelivered: readonly { position: Position; body: Uint8Array | null }[]
  records: readonly AppendedRecord[]
  deadLetterRecords: readonly Position[]
  /** The answers of GET /receipts and GET /ledger. */
  told: Told
  ledger: ToldLedger
  deliveries: Deliveries
  /** The number of deliveries that the dispatcher attempts before it gives up on a record. */
  maxAttempts: number
}

type Violate = (violation: string) => void

/** Reports every violation of a promise of the log. */
export function check(settled: Settled, violate: Violate): void {
  checkIntents(settled, violate)
  checkRecords(settled, violate)
  checkReceipts(settled, violate)
  checkUndelivered(settled, violate)
  const { records, told, ledger, undelivered } = settled
  checkLedger(
    records,
    told,
    ledger,
    undelivered.map(({ position }) => position),
    violate,
  )
}

const markerOf = (activity: { metadata?: { [name: string]: unknown } }) => String(activity.metadata?.['marker'])

/** 202: found once, or a dead letter. Unknown: found at most once. 4xx: absent. Nothing is found that nobody sent. */
function checkIntents({ intents, found, deadLetters, undelivered }: Settled, violate: Violate) {
  const ids = new Set<string>()
  for (const { id } of found) {
    if (ids.has(id)) violate(`${id} is found twice`)
    ids.add(id)
  }
  const foundByMarker = Map.groupBy(found, markerOf)
  const deadByMarker = Map.groupBy([...deadLetters, ...undelivered], ({ body }) => markerIn(body))
  for (const [marker, activities] of foundByMarker) {
    if (!intents.some((intent) => intent.marker === marker)) violate(`found without being sent: ${activities[0]?.id}`)
  }
  for (const intent of intents) {
    const { marker, id, content, attempts } = intent
    const own = foundByMarker.get(marker) ?? []
    const dead = deadByMarker.get(marker) ?? []
    const count = (result: string) => attempts.filter((attempt) => attempt.result === result).length
    const accepted = count('accepted')
    const possible = attempts.length - count('rejected')
    if (possible === 0 && own.length + dead.length > 0) violate(`${marker} was rejected and is stored`)
    if (accepted > 0 && own.length + dead.length === 0) violate(`${marker} was accepted and is missing`)
    if (own.length > (id === undefined ? possible : 1)) violate(`${marker} is found ${own.length} times`)
    if (id === undefined && own.length + dead.length < accepted) violate(`${marker} was accepted ${accepted} times`)
    for (const attempt of attempts) {
      const isFound = own.some((activity) => activity.id === attempt.id)
      if (attempt.result === 'accepted' && !isFound && dead.length === 0) violate(`${attempt.id} is not found`)
    }
    for (const activity of own) {
      const { timestamp = activity.timestamp, ...rest } = content
      const { userId, action, metadata } = activity
      const isSame = JSON.stringify({ userId, action, metadata }) === JSON.stringify(rest)
      if (!isSame || timestamp !== activity.timestamp || (id ?? activity.id) !== activity.id) {
        violate(`${marker} was changed: ${JSON.stringify(activity)}`)
      }
    }
  }
}

/**
 * Every record has one outcome. Only a record that the dispatcher gave up on after many attempts may also be stored.
 */
function checkRecords(settled: Settled, violate: Violate) {
  const { records, found, deadLetters, undelivered, told, deliveries, maxAttempts } = settled
  const own = Map.groupBy(
    deadLetters.filter(({ reason }) => reason !== 'undelivered'),
    ({ position }) => nameOf(position),
  )
  const givenUp = Map.groupBy(undelivered, ({ position }) => nameOf(position))
  const names = new Set(records.map(nameOf))
  for (const name of [...own.keys(), ...givenUp.keys()]) {
    if (!names.has(name)) violate(`a dead letter says that it was ${name}, where there is no record`)
  }
  const foundById = new Map(found.map((activity) => [activity.id, activity]))
  for (const record of records) {
    const name = nameOf(record)
    const deadLettersHere = own.get(name) ?? []
    const undeliveredHere = givenUp.get(name) ?? []
    const sent = contentOf(record.value)
    const present = sent && foundById.get(sent.id)
    const isTaken = present !== undefined && markerOf(present) === markerIn(record.value)
    const outcomes = Number(isTaken) + deadLettersHere.length
    if (outcomes === 0 && undeliveredHere.length === 0) violate(`${name} has no outcome`)
    const { status = 'pending', id } = told.get(name) ?? {}
    const allowed: (string | undefined)[] = isTaken
      ? ['stored', 'duplicate']
      : deadLettersHere.map(({ reason }) => reason)
    if (undeliveredHere.length > 0) allowed.push('pending', 'rejected')
    if (!allowed.includes(status)) violate(`${name} is ${status} by its receipt, expected ${allowed}`)
    if (isTaken && status !== 'pending' && id !== sent?.id) violate(`${name} is of ${sent?.id}, its receipt says ${id}`)
    if (outcomes > 1) violate(`${name} has ${outcomes} outcomes`)
    for (const { reason } of deadLettersHere) {
      if (reason === 'conflict' && !present) violate(`${name} is a conflict, but no other activity has its id`)
    }
    const answers = deliveries.answers(record)
    const isRefused = answers.some((status) => status >= 400 && status < 500)
    if (undeliveredHere.length > 0 && !isRefused && answers.length < maxAttempts) {
      violate(`${name} was given up after ${answers}`)
    }
  }
}

/** Every record of the dead-letter topic is kept once. */
function checkUndelivered({ deadLetters, deadLetterRecords }: Settled, violate: Violate) {
  const kept = deadLetters.filter(({ reason }) => reason === 'undelivered').map(({ position }) => nameOf(position))
  const sent = deadLetterRecords.map(nameOf)
  if (kept.toSorted().join() !== sent.toSorted().join()) violate(`dead letters sent: ${sent}; kept: ${kept}`)
}

/** A receipt names the position of a record of its activity. */
function checkReceipts({ intents, records, told, found }: Settled, violate: Violate) {
  const stored = records.filter((record) => told.get(nameOf(record))?.status === 'stored')
  const idsStored = stored.map((record) => contentOf(record.value)?.id).toSorted()
  const idsFound = found.map(({ id }) => id).toSorted()
  if (idsStored.join() !== idsFound.join()) violate(`stored according to receipts: ${idsStored}; found: ${idsFound}`)
  const byPosition = new Map(records.map((record) => [nameOf(record), record]))
  for (const { marker, attempts } of intents) {
    for (const { result, receipt } of attempts) {
      if (result !== 'accepted') continue
      const named = readReceipt(receipt ?? '')
      const record = typeof named === 'string' ? undefined : byPosition.get(nameOf(named.position))
      if (!record || markerIn(record.value) !== marker) violate(`the receipt of ${marker} names another record or none`)
    }
  }
}

function contentOf(value: Uint8Array | null): { id: string; metadata?: { marker?: string } } | undefined {
  try {
    return JSON.parse(Buffer.from(value ?? []).toString())
  } catch {
    return undefined
  }
}

const markerIn = (value: Uint8Array | null) => String(contentOf(value)?.metadata?.marker)

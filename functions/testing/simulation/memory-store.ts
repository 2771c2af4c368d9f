import { type ActivityDocument, toDocument, toFound } from '@activity-log/shared/document.ts'
import { toKey } from '@activity-log/shared/key.ts'
import {
  completeTime,
  type Known,
  type LedgerSummary,
  lastComplete,
  summarize,
  toRanges,
} from '@activity-log/shared/ledger-summary.ts'
import type { Position, Receipt } from '@activity-log/shared/receipt.ts'
import { hasRecord } from '@activity-log/shared/snapshot.ts'
import type { FindQuery, Found, RecordedActivity, SaveOutcome } from '@activity-log/shared/store/activities.ts'
import { deadLetterId, deadLetterKey } from '@activity-log/shared/store/dead-letter-id.ts'
import type { KeptDeadLetter } from '@activity-log/shared/store/dead-letters.ts'
import type { RecordOutcome, WrittenOutcome } from '@activity-log/shared/store/ledger.ts'
import { linesOf } from '@activity-log/shared/store/lines.ts'
import { outcomeOf } from '@activity-log/shared/store/outcomes.ts'
import type { ActivityStore } from '@activity-log/shared/store/store.ts'
import { nameOf } from './check-ledger.ts'

export type SimulatedStore = Pick<
  ActivityStore,
  | 'save'
  | 'deadLetter'
  | 'find'
  | 'findLines'
  | 'count'
  | 'stats'
  | 'get'
  | 'tenants'
  | 'arrivals'
  | 'outcome'
  | 'ledger'
  | 'findDeadLetters'
  | 'getDeadLetter'
  | 'resolve'
>

export type MemoryStoreOptions = {
  /** When false, the store lacks the unique index on ids. */
  isUnique: boolean
  /** Runs between two writes that are not atomic together; it may throw. */
  betweenWrites(): void
}

const pollMs = 200

/** Keeps the promises of ActivityStore as simply as possible, in the steps of a store without transactions. */
export function memoryStore({ isUnique, betweenWrites }: MemoryStoreOptions): SimulatedStore {
  const byId = new Map<string, ActivityDocument>()
  const outcomes = new Map<string, WrittenOutcome>()
  const deadLetters = new Map<string, KeptDeadLetter>()

  const isAt =
    ({ partition, offset }: Position) =>
    (document: ActivityDocument) =>
      document.partition === partition && document.offset === offset
  const write = (outcome: WrittenOutcome) => void outcomes.set(nameOf(outcome.position), outcome)

  function saveOne({ position, ...event }: RecordedActivity): SaveOutcome {
    const document = toDocument(event, position)
    const { tenant, id } = document
    const name = isUnique ? `${tenant}/${id}` : String(byId.size)
    const present = byId.get(name)
    betweenWrites()
    if (!present) {
      byId.set(name, document)
      return 'stored'
    }
    if (present.digest !== document.digest) return 'conflict'
    if (isAt(position)(present)) return 'stored'
    write({ position, outcome: 'duplicate', tenant, activityId: id, recordedAt: event.recordedAt })
    return 'duplicate'
  }

  function listed({ filter, order, after }: Pick<FindQuery, 'filter' | 'order' | 'after'>): ActivityDocument[] {
    const { tenant, snapshot, ...narrowing } = filter
    if (Object.values(narrowing).some((value) => value !== undefined && String(value) !== '')) {
      throw new Error('the simulated store lists only without filters')
    }
    const turn = order === 'asc' ? 1 : -1
    return [...byId.values()]
      .filter((document) => document.tenant === tenant && (!snapshot || hasRecord(snapshot, document)))
      .filter(({ key }) => after === undefined || turn * compare(toKey(key), after) > 0)
      .toSorted((one, other) => turn * compare(toKey(one.key), toKey(other.key)))
  }

  function readOutcome({ position }: Receipt): RecordOutcome | undefined {
    const stored = [...byId.values()].find(isAt(position))
    if (stored) return { outcome: 'stored', tenant: stored.tenant, activityId: stored.id }
    const written = outcomes.get(nameOf(position))
    if (!written) return undefined
    const { outcome, tenant, activityId, deadLetter } = written
    return {
      outcome,
      tenant,
      ...(activityId !== undefined && { activityId }),
      ...(deadLetter !== undefined && { deadLetter }),
    }
  }

  function ledger(): LedgerSummary {
    const stored = [...byId.values()].map(({ partition, offset, recordedAtMs }) => {
      return { partition, offset, outcome: 'stored' as const, recordedAt: new Date(recordedAtMs) }
    })
    const others = [...outcomes.values()].map(({ position, outcome, recordedAt }) => ({
      ...position,
      outcome,
      recordedAt,
    }))
    const known = [...stored, ...others].toSorted((one, other) => one.offset - other.offset)
    const partitions = [...Map.groupBy(known, ({ partition }) => partition)].toSorted(([one], [other]) => one - other)
    const all = partitions.map(([partition, own]) => {
      const summary = summarize(partition, toRanges(own satisfies readonly Known[]), false)
      const through = lastComplete(summary)
      const last = own.findLast(({ offset, recordedAt }) => offset <= through && recordedAt)
      return { summary, lastRecordedAt: last?.recordedAt }
    })
    return { partitions: all.map(({ summary }) => summary), completeThrough: completeTime(all) }
  }

  const find: ActivityStore['find'] = async ({ limit, skip = 0, ...query }) =>
    listed(query)
      .slice(skip, skip + limit)
      .map(toFoundDocument)

  return {
    save: async (activities) => activities.map(saveOne),
    async deadLetter(letters) {
      for (const { at, ...letter } of letters) {
        const id = deadLetterId(letter)
        const kept = deadLetters.get(id)
        const times = { firstAt: kept?.firstAt ?? at, lastAt: at, attempts: (kept?.attempts ?? 0) + 1 }
        deadLetters.set(id, { ...letter, id, ...times })
        betweenWrites()
        const outcome = outcomeOf({ at, ...letter })
        if (outcome) write(outcome)
      }
    },
    find,
    findLines: linesOf(find),
    tenants: async (after, limit) =>
      [...new Set([...byId.values()].map(({ tenant }) => tenant))]
        .filter((name) => name > after)
        .sort()
        .slice(0, limit),
    arrivals: async ({ tenant, partition, first, last, limit }) =>
      [...byId.values()]
        .filter((each) => each.tenant === tenant && each.partition === partition)
        .filter(({ offset }) => first <= offset && offset <= last)
        .toSorted((one, other) => one.offset - other.offset)
        .slice(0, limit)
        .map(toFoundDocument),
    count: async (filter, max = Number.POSITIVE_INFINITY) => Math.min(max, listed({ filter, order: 'asc' }).length),
    stats: () => Promise.reject(new Error('the simulated store lists only without filters')),
    async get(tenant, id) {
      const document = byId.get(`${tenant}/${id}`)
      return document && toFoundDocument(document)
    },
    async outcome(receipt, untilAborted) {
      for (;;) {
        const outcome = readOutcome(receipt)
        if (outcome || !untilAborted || untilAborted.aborted) return outcome
        await new Promise((resolve) => void setTimeout(resolve, pollMs))
      }
    },
    ledger: async () => ledger(),
    getDeadLetter: async (_tenant, id) => deadLetters.get(id),
    async resolve(_tenant, id, resolution) {
      const kept = deadLetters.get(id)
      if (kept && !kept.resolution) deadLetters.set(id, { ...kept, resolution })
    },
    findDeadLetters: async ({ filter }) =>
      [...deadLetters.values()]
        .filter(({ tenant }) => tenant === filter.tenant)
        .map((deadLetter) => ({ key: deadLetterKey(deadLetter), deadLetter })),
  }
}

const toFoundDocument = ({ metadata, ...document }: ActivityDocument): Found => ({
  key: toKey(document.key),
  activity: toFound({ ...document, metadataText: metadata && JSON.stringify(metadata) }),
  position: { partition: document.partition, offset: document.offset },
})

const compare = (one: string, other: string) => (one < other ? -1 : one > other ? 1 : 0)

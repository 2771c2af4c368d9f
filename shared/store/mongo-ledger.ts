import type { AnyBulkWriteOperation, Collection } from 'mongodb'
import { type CountedRange, type Known, maxPartitions } from '../ledger-summary.ts'
import type { Receipt } from '../receipt.ts'
import { createCountedLedger } from './counted-ledger.ts'
import type { Pruning } from './duplicate-pruning.ts'
import type { RecordOutcome, WrittenOutcome } from './ledger.ts'
import type { OpenRange } from './ledger-records.ts'
import { maxTimeMS } from './mongo-client.ts'
import { type StoredActivity, type StoredOutcome, toOutcomeId } from './mongo-documents.ts'
import { byPosition } from './mongo-indexes.ts'
import { rejectedAsPresent } from './mongo-write.ts'
import { createMongoWriteOff } from './mongo-write-off.ts'
import { isIn, isKnownPosition, maxCounted, mayHaveExpired } from './outcomes.ts'

/** The compacted ranges of a partition. Each write increments `version`; a writer that read an older one gives way. */
export type StoredLedger = Compacted & { _id: number; pruning?: Pruning }
type Compacted = { version: number; ranges: readonly CountedRange[] }

/** The rows of a batch become objects in one turn of the event loop. */
const batchSize = 2_000

export type LedgerCollections = {
  activities: Collection<StoredActivity>
  outcomes: Collection<StoredOutcome>
  ledger: Collection<StoredLedger>
}

export type MongoLedger = ReturnType<typeof createMongoLedger>

/**
 * The outcomes of records by position. The outcome of a stored record is on its activity while that exists; all others
 * are in `outcomes`.
 */
export function createMongoLedger({ activities, outcomes, ledger }: LedgerCollections) {
  /** Concurrent writers of one outcome write the same, so it does not matter which of them is rejected. */
  async function upsert(
    written: readonly WrittenOutcome[],
    toOperation: (stored: StoredOutcome) => AnyBulkWriteOperation<StoredOutcome>,
  ) {
    const stored = written.filter(({ position }) => isKnownPosition(position)).map(toStored)
    if (stored.length === 0) return
    await rejectedAsPresent(() => outcomes.bulkWrite(stored.map(toOperation), { ordered: false }))
  }

  async function outcome(receipt: Receipt): Promise<RecordOutcome | undefined> {
    const { position, recordedAt } = receipt
    const { partition, offset } = position
    const place = { partition: { $eq: partition }, offset: { $eq: offset } }
    // read first: whoever compacts a range has read the outcomes in it, so one that is missing later was removed
    const wasCounted = mayHaveExpired(receipt) && isIn(receipt, (await compacted(partition))?.ranges)
    const stored = await activities.findOne(
      { ...place, recordedAt: { $eq: recordedAt } },
      { projection: { _id: 0, tenant: 1, id: 1 }, hint: byPosition, maxTimeMS },
    )
    if (stored) return { outcome: 'stored', tenant: stored.tenant, activityId: stored.id }
    const other = await outcomes.findOne({ _id: { $eq: toOutcomeId({ partition, offset }) } }, { maxTimeMS })
    if (!other) {
      const isExpired =
        wasCounted &&
        (await activities.findOne(place, { projection: { _id: 1 }, hint: byPosition, maxTimeMS })) === null
      return isExpired ? { outcome: 'expired' } : undefined
    }
    if (other.recordedAt && other.recordedAt.getTime() !== recordedAt.getTime()) return undefined
    const { outcome, tenant, activityId, deadLetter } = other
    return { outcome, tenant, ...(activityId !== undefined && { activityId }), ...(deadLetter && { deadLetter }) }
  }

  async function knownAt(partition: number, offset: Offsets): Promise<Known[]> {
    const match = { partition: { $eq: partition }, offset }
    const listed = { sort: byPosition, hint: byPosition, limit: maxCounted, batchSize, maxTimeMS } as const
    const [stored, others] = await Promise.all([
      activities.find(match, listed).project<{ offset: number }>({ _id: 0, offset: 1 }).toArray(),
      outcomes.find(match, listed).project<Known>({ _id: 0, offset: 1, outcome: 1 }).toArray(),
    ])
    const all = [...stored.map(({ offset }): Known => ({ offset, outcome: 'stored' })), ...others]
    // the sort is stable, so `stored` comes before another outcome of the same offset
    return all.sort((a, b) => a.offset - b.offset).slice(0, maxCounted)
  }

  async function known(partition: number, ranges: readonly OpenRange[]) {
    const { single, long, areAll } = questions(ranges)
    const found: Known[][] = []
    if (single.length > 0) found.push(await knownAt(partition, { $in: single }))
    for (const { first, last } of long) {
      found.push(await knownAt(partition, { $gte: first, ...(last !== undefined && { $lte: last }) }))
    }
    const all = found.flat().sort((a, b) => a.offset - b.offset)
    return { known: all, areAll: areAll && found.every(({ length }) => length < maxCounted) }
  }

  async function swapCompacted(partition: number, before: Compacted | undefined, ranges: readonly CountedRange[]) {
    const next = { version: (before?.version ?? 0) + 1, ranges }
    if (before) {
      const place = { _id: { $eq: partition }, version: { $eq: before.version } }
      return (await ledger.updateOne(place, { $set: next })).matchedCount > 0
    }
    const document = { _id: partition, ...next }
    return (await rejectedAsPresent(() => ledger.bulkWrite([{ insertOne: { document } }]))).length === 0
  }

  /** A record that could not be read has no time of receipt, so the time of a slightly earlier one is used. */
  async function lastRecordedAt(partition: number, offset: number, notAfter: Date): Promise<Date | undefined> {
    const match = {
      partition: { $eq: partition },
      offset: { $gte: offset - lookedBack, $lte: offset },
      recordedAt: { $lte: notAfter },
    }
    const last = { sort: { partition: -1, offset: -1 }, hint: byPosition, maxTimeMS } as const
    const projection = { _id: 0, offset: 1, recordedAt: 1 } as const
    const [stored, other] = await Promise.all([
      activities.findOne(match, { ...last, projection }),
      outcomes.findOne(match, { ...last, projection }),
    ])
    return (stored?.offset ?? -1) >= (other?.offset ?? -1) ? stored?.recordedAt : other?.recordedAt
  }

  /** Finds compacted partitions and those in between. Each query skips to the next partition in an index. */
  async function allPartitions(compacted: readonly number[]): Promise<number[]> {
    const found = [...compacted].sort((a, b) => a - b)
    for (let at = 0, after = -1; at <= found.length; ) {
      const before = found[at] ?? maxPartitions
      const next = before === after + 1 ? undefined : await nextPartition(after, before)
      if (next !== undefined) found.splice(at, 0, next)
      after = next ?? before
      at++
    }
    return found
  }

  async function nextPartition(after: number, before: number): Promise<number | undefined> {
    const match = { partition: { $gt: after, $lt: before } }
    const first = { sort: byPosition, hint: byPosition, projection: { _id: 0, partition: 1 }, maxTimeMS } as const
    const found = await Promise.all([activities.findOne(match, first), outcomes.findOne(match, first)])
    const partitions = found.flatMap((one) => one?.partition ?? [])
    return partitions.length > 0 ? Math.min(...partitions) : undefined
  }

  const compacted = async (partition: number): Promise<Compacted | undefined> =>
    (await ledger.findOne({ _id: { $eq: partition } }, { maxTimeMS })) ?? undefined

  const allCompacted = () =>
    ledger.find({ _id: { $lt: maxPartitions }, ranges: { $ne: [] } }, { sort: { _id: 1 }, maxTimeMS }).toArray()

  const counted = createCountedLedger<Compacted>({
    async partitions() {
      const compacted = new Map((await allCompacted()).map((stored) => [stored._id, stored]))
      const all = await allPartitions([...compacted.keys()])
      return all.map((partition) => ({ partition, compacted: compacted.get(partition) }))
    },
    hasUncounted: async () => (await nextPartition(maxPartitions - 1, Number.POSITIVE_INFINITY)) !== undefined,
    compacted,
    known,
    swapCompacted,
    lastRecordedAt,
    ...createMongoWriteOff({ activities, outcomes }),
  })

  /** The newest outcome wins, because a topic that was deleted and created again reuses positions. */
  const write = (written: readonly WrittenOutcome[]) =>
    upsert(written, ({ _id, ...replacement }) => ({
      replaceOne: { filter: { _id: { $eq: _id } }, replacement, upsert: true },
    }))

  return {
    ...counted,
    write,
    async account(written: readonly WrittenOutcome[]) {
      await write(written.filter(({ outcome }) => outcome === 'stored'))
      const others = written.filter(({ outcome }) => outcome !== 'stored')
      await upsert(others, ({ _id, ...said }) => ({
        updateOne: { filter: { _id: { $eq: _id } }, update: { $setOnInsert: said }, upsert: true },
      }))
    },
    outcome,
  }
}

const lookedBack = 100

/** One query covers this many short ranges by their offsets; each long range takes a query of its own. */
const maxSingle = 2000
const maxOffsets = 4
const maxLong = 20

/** Most gaps are short. If there are too many, the last ones are left out, but never the range after all gaps. */
function questions(ranges: readonly OpenRange[]) {
  const single: number[] = []
  const long: OpenRange[] = []
  let areAll = true
  for (const range of ranges) {
    const { first, last = Number.POSITIVE_INFINITY } = range
    const isShort = last - first < maxOffsets
    if (isShort && single.length < maxSingle) for (let at = first; at <= last; at++) single.push(at)
    else if (!isShort && (long.length < maxLong || range.last === undefined)) long.push(range)
    else areAll = false
  }
  return { single, long, areAll }
}
type Offsets = { $in: number[] } | { $gte: number; $lte?: number }

function toStored({ position, outcome, tenant, activityId, deadLetter, recordedAt }: WrittenOutcome): StoredOutcome {
  return {
    _id: toOutcomeId(position),
    ...position,
    outcome,
    tenant,
    ...(activityId !== undefined && { activityId }),
    ...(deadLetter !== undefined && { deadLetter }),
    ...(recordedAt && { recordedAt }),
    at: new Date(),
  }
}

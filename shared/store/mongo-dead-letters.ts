import { type AnyBulkWriteOperation, Binary, type Collection, type Filter as Match } from 'mongodb'
import { deadLetterId, deadLetterKey, readDeadLetterKey } from './dead-letter-id.ts'
import type { DeadLetter, KeptDeadLetter, Resolution } from './dead-letters.ts'
import { maxTimeMS } from './mongo-client.ts'
import { byArrival } from './mongo-indexes.ts'
import type { MongoLedger } from './mongo-ledger.ts'
import { rejectedAsPresent } from './mongo-write.ts'
import { outcomesOf } from './outcomes.ts'
import type { ActivityStore } from './store.ts'

export type StoredDeadLetter = Omit<KeptDeadLetter, 'id' | 'position' | 'headers' | 'body' | 'resolution'> & {
  _id: string
  partition: number
  offset: number
  /** Pairs of names and values: an update would read the dot in a name as a path. */
  headers: readonly (readonly [name: string, value: string])[]
  body: Binary
  /** Absent while the dead letter is open. */
  resolution?: Resolution
}

/** Two upserts of one id may both try to insert; the second succeeds when it is retried. */
const attempts = 3

type Verbs = 'deadLetter' | 'findDeadLetters' | 'getDeadLetter' | 'resolve'

export function createMongoDeadLetters(
  deadLetters: Collection<StoredDeadLetter>,
  ledger: Pick<MongoLedger, 'write' | 'account'>,
): Pick<ActivityStore, Verbs> {
  async function upsert(operations: AnyBulkWriteOperation<StoredDeadLetter>[], attempt = 1): Promise<void> {
    const write = () => deadLetters.bulkWrite(operations, { ordered: false })
    if (attempt === attempts) {
      await write()
      return
    }
    const raced = new Set(await rejectedAsPresent(write))
    if (raced.size > 0)
      await upsert(
        operations.filter((_operation, index) => raced.has(index)),
        attempt + 1,
      )
  }

  return {
    async deadLetter(letters) {
      if (letters.length === 0) return
      await upsert(letters.map(toUpsert))
      // outcomes come second, so that none names a missing dead letter; a redelivery adds an outcome that is missing
      const { written, tentative } = outcomesOf(letters)
      await ledger.write(written)
      await ledger.account(tentative)
    },
    async findDeadLetters({ filter, order, limit, after }) {
      const { tenant, reason, topic, from, to, state } = filter
      const bounds: Match<StoredDeadLetter>[] = []
      if (from !== undefined) bounds.push({ firstAt: { $gte: new Date(from) } })
      if (to !== undefined) bounds.push({ firstAt: { $lt: new Date(to) } })
      if (after !== undefined) bounds.push(beyond(after, order === 'asc' ? '$gt' : '$lt'))
      const match: Match<StoredDeadLetter> = {
        tenant: { $eq: tenant },
        ...(reason !== undefined && { reason: { $eq: reason } }),
        ...(topic !== undefined && { topic: { $eq: topic } }),
        ...(state === 'open' && { resolution: { $exists: false } }),
        ...(state !== undefined && state !== 'open' && { 'resolution.state': { $eq: state } }),
        ...(bounds.length > 0 && { $and: bounds }),
      }
      const direction = order === 'asc' ? 1 : -1
      const sort = { tenant: direction, firstAt: direction, _id: direction } as const
      const found = await deadLetters.find(match, { sort, limit, hint: byArrival, maxTimeMS }).toArray()
      return found.map((stored) => {
        const deadLetter = fromStored(stored)
        return { key: deadLetterKey(deadLetter), deadLetter }
      })
    },
    async getDeadLetter(tenant, id) {
      const stored = await deadLetters.findOne({ _id: { $eq: id }, tenant: { $eq: tenant } }, { maxTimeMS })
      return stored ? fromStored(stored) : undefined
    },
    async resolve(tenant, id, resolution) {
      const open = { resolution: { $exists: false } }
      const changeable = resolution.state === 'replayed' ? [open, { 'resolution.state': { $eq: 'discarded' } }] : [open]
      const match = { _id: { $eq: id }, tenant: { $eq: tenant }, $or: changeable } as Match<StoredDeadLetter>
      await deadLetters.updateOne(match, { $set: { resolution } })
    },
  }
}

function beyond(key: string, comparison: '$gt' | '$lt'): Match<StoredDeadLetter> {
  const { firstAtMs, id } = readDeadLetterKey(key)
  const firstAt = new Date(firstAtMs)
  const later = { firstAt: { [comparison]: firstAt } } as Match<StoredDeadLetter>
  return { $or: [later, { firstAt: { $eq: firstAt }, _id: { [comparison]: id } as { $gt: string } }] }
}

/**
 * Lists each member, because a dead letter that was read from the store has more members, which the update itself sets.
 */
function toUpsert(deadLetter: DeadLetter): AnyBulkWriteOperation<StoredDeadLetter> {
  const { topic, position, reason, errors, headers, body, at, tenant } = deadLetter
  const { activityId, recordedAt, firstPosition } = deadLetter
  const whatItIs = {
    tenant,
    topic,
    partition: position.partition,
    offset: position.offset,
    reason,
    errors,
    headers: Object.entries(headers),
    body: new Binary(body),
    ...(activityId !== undefined && { activityId }),
    ...(recordedAt !== undefined && { recordedAt }),
    ...(firstPosition !== undefined && { firstPosition }),
  }
  return {
    updateOne: {
      filter: { _id: { $eq: deadLetterId(deadLetter) } },
      update: { $setOnInsert: whatItIs, $inc: { attempts: 1 }, $min: { firstAt: at }, $max: { lastAt: at } },
      upsert: true,
    },
  }
}

function fromStored({ _id, partition, offset, headers, body, ...others }: StoredDeadLetter): KeptDeadLetter {
  return {
    ...others,
    id: _id,
    position: { partition, offset },
    headers: Object.fromEntries(headers),
    body: Uint8Array.from(body.value()),
  }
}

import type { Collection } from 'mongodb'
import { toDocument } from '../document.ts'
import { type HashId, hashId } from '../key.ts'
import type { RecordedActivity, SaveOutcome } from './activities.ts'
import type { WrittenOutcome } from './ledger.ts'
import { maxTimeMS } from './mongo-client.ts'
import { type StoredActivity, toStored } from './mongo-documents.ts'
import { byId } from './mongo-indexes.ts'
import type { MongoLedger } from './mongo-ledger.ts'
import { rejectedAsPresent } from './mongo-write.ts'
import { type ActivityStore, StoreUnavailable } from './store.ts'

type Present = Pick<StoredActivity, 'tenant' | 'id' | 'digest' | 'partition' | 'offset' | 'recordedAt'>

/**
 * Reads from the primary what a majority has, because the document that stopped an insert may be lost in an election.
 */
const majority = { readPreference: 'primary', maxTimeMS } as const

/**
 * MongoDB looks for expired documents every minute, and the ledger counts what is stored about as often. Whatever expires
 * sooner than this might be deleted before it is counted.
 */
const countedWithinMs = 60 * 60 * 1000
const dayMs = 24 * 60 * 60 * 1000

export type SaveOptions = { hash?: HashId | undefined; retentionDays?: number | undefined }

const identity = ({ tenant, id }: Pick<Present, 'tenant' | 'id'>) => `${tenant}\0${id}`

/**
 * Sends one unordered insert for all activities. For each that was rejected as present, it asks MongoDB what is stored
 * under that id and, if nothing is, which id has the key. A call that is repeated, by anyone and after any result,
 * finds its own position there and reports stored. The outcome of an activity that is about to expire, since its record
 * waited for as long as activities are kept, does not depend on the activity.
 */
export function createMongoSave(
  activities: Collection<StoredActivity>,
  ledger: Pick<MongoLedger, 'write'>,
  { hash = hashId, retentionDays = Number.POSITIVE_INFINITY }: SaveOptions = {},
): ActivityStore['save'] {
  const expiresSoon = ({ recordedAt }: RecordedActivity) =>
    recordedAt.getTime() + retentionDays * dayMs < Date.now() + countedWithinMs

  return async (recorded) => {
    if (recorded.length === 0) return []
    const documents = recorded.map(({ position, ...event }) => toStored(toDocument(event, position, hash)))
    // the insert is unordered: if an id comes twice, only the first is sent, and the second is compared with it
    const firsts = new Map<string, StoredActivity>()
    for (const document of documents) if (!firsts.has(identity(document))) firsts.set(identity(document), document)

    const sent = [...firsts.values()]
    const rejected = await rejectedAsPresent(() => activities.insertMany(sent, { ordered: false }))
    const inserted = new Set(sent)
    for (const index of rejected) inserted.delete(sent[index] as StoredActivity)

    const rest = documents.filter((document) => !inserted.has(document))
    const present = await findPresent(rest)
    const holders = await findHolders(rest.filter((document) => !present.has(identity(document))))
    const outcomes = documents.map((document) =>
      inserted.has(document) ? 'stored' : outcome(document, present.get(identity(document)), holders.get(document._id)),
    )
    const written = recorded.flatMap((each, index) => {
      const outcome = outcomes[index]
      const isOwn = outcome === 'duplicate' || (outcome === 'stored' && expiresSoon(each))
      return isOwn ? toWritten(each, outcome) : []
    })
    await ledger.write(written)
    return outcomes
  }

  /** The identities of those that hold the keys of these documents. */
  async function findHolders(documents: readonly StoredActivity[]): Promise<Map<string, string>> {
    if (documents.length === 0) return new Map()
    const keys = documents.map(({ _id }) => _id)
    const holders = await activities
      .find({ _id: { $in: keys } }, { ...majority, hint: { _id: 1 } })
      .project<Pick<StoredActivity, '_id' | 'tenant' | 'id'>>({ tenant: 1, id: 1 })
      .toArray()
    return new Map(holders.map((holder) => [holder._id, identity(holder)]))
  }

  async function findPresent(documents: readonly StoredActivity[]): Promise<Map<string, Present>> {
    const ofTenants = [...Map.groupBy(documents, ({ tenant }) => tenant)].map(([tenant, those]) =>
      activities
        .find({ tenant: { $eq: tenant }, id: { $in: those.map(({ id }) => id) } }, { ...majority, hint: byId })
        .project<Present>({ _id: 0, tenant: 1, id: 1, digest: 1, partition: 1, offset: 1, recordedAt: 1 })
        .toArray(),
    )
    const found = (await Promise.all(ofTenants)).flat()
    return new Map(found.map((present) => [identity(present), present]))
  }
}

const toWritten = (
  { position, tenant, activity, recordedAt }: RecordedActivity,
  outcome: WrittenOutcome['outcome'],
): WrittenOutcome => ({
  position,
  outcome,
  tenant,
  activityId: activity.id,
  recordedAt,
})

/** A missing document has not reached a majority yet, or was lost or deleted, and may be saved at the redelivery. */
function outcome(document: StoredActivity, present: Present | undefined, holder: string | undefined): SaveOutcome {
  if (!present && holder !== undefined && holder !== identity(document)) return 'key-taken'
  if (!present) throw new StoreUnavailable(`A majority does not have the id that MongoDB rejected: ${document.id}`)
  if (present.digest !== document.digest) return 'conflict'
  const isSamePosition = present.partition === document.partition && present.offset === document.offset
  // the same position with another time of receipt is that of a topic which was created again
  return isSamePosition && present.recordedAt.getTime() === document.recordedAt.getTime() ? 'stored' : 'duplicate'
}

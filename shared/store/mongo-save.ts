import type { Collection } from 'mongodb'
import { toDocument } from '../document.ts'
import type { RecordedActivity, SaveOutcome } from './activities.ts'
import type { WrittenOutcome } from './ledger.ts'
import { maxTimeMS } from './mongo-client.ts'
import { type StoredActivity, toStored } from './mongo-documents.ts'
import { byId } from './mongo-indexes.ts'
import type { MongoLedger } from './mongo-ledger.ts'
import { rejectedAsPresent } from './mongo-write.ts'
import { type ActivityStore, StoreUnavailable } from './store.ts'

type Present = Pick<StoredActivity, 'tenant' | 'id' | 'digest' | 'partition' | 'offset'>

const identity = ({ tenant, id }: Present) => `${tenant}\0${id}`

/**
 * Sends one unordered insert for all activities. For each that was rejected as present, it asks MongoDB what is stored
 * under that id. A call that is repeated, by anyone and after any result, finds its own position there and reports
 * stored.
 */
export function createMongoSave(
  activities: Collection<StoredActivity>,
  ledger: Pick<MongoLedger, 'write'>,
): ActivityStore['save'] {
  return async (recorded) => {
    if (recorded.length === 0) return []
    const documents = recorded.map(({ position, ...event }) => toStored(toDocument(event, position)))
    // the insert is unordered: if an id comes twice, only the first is sent, and the second is compared with it
    const firsts = new Map<string, StoredActivity>()
    for (const document of documents) if (!firsts.has(identity(document))) firsts.set(identity(document), document)

    const sent = [...firsts.values()]
    const rejected = await rejectedAsPresent(() => activities.insertMany(sent, { ordered: false }))
    const inserted = new Set(sent)
    for (const index of rejected) inserted.delete(sent[index] as StoredActivity)

    const present = await findPresent(documents.filter((document) => !inserted.has(document)))
    const outcomes = documents.map((document) =>
      inserted.has(document) ? 'stored' : outcome(document, present.get(identity(document))),
    )
    const duplicates = recorded.filter((_recorded, index) => outcomes[index] === 'duplicate')
    await ledger.write(duplicates.map(toDuplicate))
    return outcomes
  }

  /**
   * Reads from the primary what a majority has, because the document that stopped an insert may be lost in an election.
   */
  async function findPresent(documents: readonly StoredActivity[]): Promise<Map<string, Present>> {
    const ofTenants = [...Map.groupBy(documents, ({ tenant }) => tenant)].map(([tenant, those]) =>
      activities
        .find({ tenant: { $eq: tenant }, id: { $in: those.map(({ id }) => id) } })
        .project<Present>({ _id: 0, tenant: 1, id: 1, digest: 1, partition: 1, offset: 1 })
        .withReadPreference('primary')
        .hint(byId)
        .maxTimeMS(maxTimeMS)
        .toArray(),
    )
    const found = (await Promise.all(ofTenants)).flat()
    return new Map(found.map((present) => [identity(present), present]))
  }
}

const toDuplicate = ({ position, tenant, activity, recordedAt }: RecordedActivity): WrittenOutcome => ({
  position,
  outcome: 'duplicate',
  tenant,
  activityId: activity.id,
  recordedAt,
})

/**
 * A missing document has not reached a majority yet, or was lost or deleted, and may be saved at the redelivery.
 * Another id with the same key is ruled out by 80 bits of hash.
 */
function outcome(document: StoredActivity, present: Present | undefined): SaveOutcome {
  if (!present) throw new StoreUnavailable(`A majority does not have the id that MongoDB rejected: ${document.id}`)
  const isRedelivery = present.partition === document.partition && present.offset === document.offset
  if (present.digest !== document.digest) return 'conflict'
  return isRedelivery ? 'stored' : 'duplicate'
}

import { type AnyBulkWriteOperation, Binary, type Collection } from 'mongodb'
import { deadLetterId } from './dead-letter-id.ts'
import { maxTimeMS } from './mongo-client.ts'
import { refusedAsPresent } from './mongo-save.ts'
import type { ActivityStore, DeadLetter, KeptDeadLetter } from './store.ts'

export type StoredDeadLetter = Omit<KeptDeadLetter, 'position' | 'headers' | 'body'> & {
  _id: string
  partition: number
  offset: number
  /** Names and values: a name may hold a dot, which an update would take for a path. */
  headers: readonly (readonly [name: string, value: string])[]
  body: Binary
}

/** Two upserts of one id may both try to insert; the second finds it the next time. */
const attempts = 3

export function deadLettersIn(deadLetters: Collection<StoredDeadLetter>): Pick<ActivityStore, 'park' | 'deadLetters'> {
  async function upsert(operations: AnyBulkWriteOperation<StoredDeadLetter>[], attempt = 1): Promise<void> {
    const write = () => deadLetters.bulkWrite(operations, { ordered: false })
    if (attempt === attempts) {
      await write()
      return
    }
    const raced = new Set(await refusedAsPresent(write))
    if (raced.size > 0)
      await upsert(
        operations.filter((_operation, index) => raced.has(index)),
        attempt + 1,
      )
  }

  return {
    async park(letters) {
      if (letters.length > 0) await upsert(letters.map(toUpsert))
    },
    async deadLetters() {
      const stored = await deadLetters.find({}, { sort: { firstAt: 1, _id: 1 }, maxTimeMS }).toArray()
      return stored.map(fromStored)
    },
  }
}

function toUpsert(deadLetter: DeadLetter): AnyBulkWriteOperation<StoredDeadLetter> {
  const { position, reason, errors, headers, body, at } = deadLetter
  const whatItIs = { ...position, reason, errors, headers: Object.entries(headers), body: new Binary(body) }
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
    position: { partition, offset },
    headers: Object.fromEntries(headers),
    body: Uint8Array.from(body.value()),
  }
}

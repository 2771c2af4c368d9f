import { MongoBulkWriteError } from 'mongodb'

/** E11000: a unique index has such an entry already. */
const duplicateKey = 11000

/**
 * The indexes of the writes that were refused because a unique index has such an entry. Rejects when anything else went
 * wrong with any of them, as does a write concern error: then not even what was refused can be relied on.
 */
export async function refusedAsPresent(write: () => Promise<unknown>): Promise<readonly number[]> {
  try {
    await write()
    return []
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError) || error.result.getWriteConcernError()) throw error
    const refused = [error.writeErrors].flat()
    // with a write concern error beside them, the driver leaves the others out
    if (refused.length === 0 || refused.some(({ code }) => code !== duplicateKey)) throw error
    return refused.map(({ index }) => index)
  }
}

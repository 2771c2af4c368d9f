import { MongoBulkWriteError } from 'mongodb'

/** E11000: a unique index already has such an entry. */
const duplicateKey = 11000

/**
 * Returns the positions in `write` of the entries that were rejected because a unique index has them. Rejects for any
 * other error, and for a write concern error, because then the rejections are not reliable either.
 */
export async function rejectedAsPresent(write: () => Promise<unknown>): Promise<readonly number[]> {
  try {
    await write()
    return []
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError) || error.result.getWriteConcernError()) throw error
    const rejected = [error.writeErrors].flat()
    // with a write concern error, the driver omits other errors
    if (rejected.length === 0 || rejected.some(({ code }) => code !== duplicateKey)) throw error
    return rejected.map(({ index }) => index)
  }
}

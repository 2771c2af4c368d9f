import { MongoBulkWriteError, MongoNetworkError } from 'mongodb'
import { expect, test } from 'vitest'
import { aDeadLetter } from '../testing/builders.ts'
import { createMongoDeadLetters } from './mongo-dead-letters.ts'
import { rejectedAsPresent } from './mongo-write.ts'

const present = (index: number) => ({ index, code: 11000 })
const majorityIsAway = { code: 64, errmsg: 'waiting for replication timed out' }

/** The error by which the driver reports the rejected writes of a command. */
function rejection(writeErrors: { index: number; code: number }[], writeConcernError?: object) {
  const result = { getWriteConcernError: () => writeConcernError }
  return new MongoBulkWriteError({ message: 'rejected', writeErrors } as never, result as never)
}

test('names the writes that were rejected as present', async () => {
  expect(await rejectedAsPresent(async () => 'done')).toEqual([])
  expect(await rejectedAsPresent(() => Promise.reject(rejection([present(0), present(2)])))).toEqual([0, 2])
})

test.each([
  ['a write concern error beside them', rejection([present(0)], majorityIsAway)],
  ['a write concern error alone', rejection([], majorityIsAway)],
  ['a full disk for one of them', rejection([present(0), { index: 1, code: 14031 }])],
  ['no details', rejection([])],
  ['a broken connection', new MongoNetworkError('closed')],
])('never takes a write for present if it was rejected with %s', async (_what, error) => {
  await expect(rejectedAsPresent(() => Promise.reject(error))).rejects.toBe(error)
})

test('retries a dead letter that lost the race to be the first of its id, and no other', async () => {
  const sent: number[] = []
  const bulkWrite = async (operations: unknown[]) => {
    sent.push(operations.length)
    if (sent.length === 1) throw rejection([present(1)])
  }
  const { deadLetter } = createMongoDeadLetters({ bulkWrite } as never, {
    write: async () => {},
    account: async () => {},
  })
  await deadLetter([aDeadLetter({ body: Buffer.from('a') }), aDeadLetter({ body: Buffer.from('b') })])
  expect(sent).toEqual([2, 1])
})

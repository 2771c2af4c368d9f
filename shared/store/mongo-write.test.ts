import { MongoBulkWriteError, MongoNetworkError } from 'mongodb'
import { expect, test } from 'vitest'
import { aDeadLetter } from '../testing/builders.ts'
import { createMongoDeadLetters } from './mongo-dead-letters.ts'
import { refusedAsPresent } from './mongo-write.ts'

const present = (index: number) => ({ index, code: 11000 })
const majorityIsAway = { code: 64, errmsg: 'waiting for replication timed out' }

/** The error by which the driver reports the rejected writes of a command. */
function refusal(writeErrors: { index: number; code: number }[], writeConcernError?: object) {
  const result = { getWriteConcernError: () => writeConcernError }
  return new MongoBulkWriteError({ message: 'refused', writeErrors } as never, result as never)
}

test('names the writes that were rejected as present', async () => {
  expect(await refusedAsPresent(async () => 'done')).toEqual([])
  expect(await refusedAsPresent(() => Promise.reject(refusal([present(0), present(2)])))).toEqual([0, 2])
})

test.each([
  ['a write concern error beside them', refusal([present(0)], majorityIsAway)],
  ['a write concern error alone', refusal([], majorityIsAway)],
  ['a full disk for one of them', refusal([present(0), { index: 1, code: 14031 }])],
  ['no details', refusal([])],
  ['a broken connection', new MongoNetworkError('closed')],
])('never takes a write for present if it was rejected with %s', async (_what, error) => {
  await expect(refusedAsPresent(() => Promise.reject(error))).rejects.toBe(error)
})

test('retries a dead letter that lost the race to be the first of its id, and no other', async () => {
  const sent: number[] = []
  const bulkWrite = async (operations: unknown[]) => {
    sent.push(operations.length)
    if (sent.length === 1) throw refusal([present(1)])
  }
  const { deadLetter } = createMongoDeadLetters({ bulkWrite } as never, {
    write: async () => {},
    account: async () => {},
  })
  await deadLetter([aDeadLetter({ body: Buffer.from('a') }), aDeadLetter({ body: Buffer.from('b') })])
  expect(sent).toEqual([2, 1])
})

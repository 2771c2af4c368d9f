export const crashPoints = [
  { name: 'ingest:before-publish', in: 'ingest', at: 'no part of a batch was sent to Kafka' },
  { name: 'ingest:after-publish', in: 'ingest', at: 'Kafka has acknowledged a batch, but no client has an answer' },
  { name: 'persist:before-insert', in: 'persist', at: 'a group was read, but none of it is in MongoDB' },
  { name: 'persist:after-insert', in: 'persist', at: 'a group is in MongoDB, but no delivery was answered' },
  { name: 'persist:before-dead-letter', in: 'persist', at: 'a record cannot be saved, and is not dead-lettered yet' },
  {
    name: 'persist:after-dead-letter',
    in: 'persist',
    at: 'a dead letter is in MongoDB, but its delivery was not answered',
  },
  { name: 'persist:before-outcome', in: 'persist', at: 'an outcome other than stored is decided, but not written' },
  {
    name: 'persist:after-outcome',
    in: 'persist',
    at: 'an outcome other than stored is written, but its delivery was not answered',
  },
  {
    name: 'dispatcher:before-post',
    in: 'source',
    at: 'a record was fetched from Kafka, but no part of it was sent to persist',
  },
  { name: 'dispatcher:mid-post', in: 'source', at: 'a request was sent, but not answered' },
  { name: 'dispatcher:after-answer', in: 'source', at: 'persist has answered, but the dispatcher has not noted it' },
  { name: 'dispatcher:before-commit', in: 'source', at: 'deliveries are done, but their offsets are not committed' },
  { name: 'dispatcher:after-commit', in: 'source', at: 'offsets are committed' },
  {
    name: 'dispatcher:before-dead-letter',
    in: 'source',
    at: 'the dispatcher gave up on a record, which is not on the dead-letter topic yet',
  },
  {
    name: 'dispatcher:after-dead-letter',
    in: 'source',
    at: 'a record is on the dead-letter topic, but its offset is not committed',
  },
  { name: 'http:before-answer', in: 'any', at: 'a POST is done, but no part of its answer was sent' },
  { name: 'http:mid-answer', in: 'any', at: 'half of the answer to a POST was sent' },
  { name: 'http:after-answer', in: 'any', at: 'the answer to a POST was sent' },
  { name: 'queue:mid-publish', in: 'log', at: 'the first record of a batch is in the transaction' },
  { name: 'queue:before-publish-commit', in: 'log', at: 'a batch is in the transaction' },
  { name: 'queue:after-publish-commit', in: 'log', at: 'a batch is in the queue, but no client has an answer' },
  { name: 'queue:before-settle-commit', in: 'log', at: 'records are stored and still in the queue' },
  { name: 'queue:after-settle-commit', in: 'log', at: 'records are stored and deleted from the queue' },
  { name: 'store:mid-save', in: 'log', at: 'the first activity of a group is in the transaction' },
  { name: 'store:before-save-commit', in: 'log', at: 'a group is in the transaction' },
  { name: 'store:after-save-commit', in: 'log', at: 'a group is stored, but the dispatcher has no answer' },
  { name: 'store:mid-dead-letter', in: 'log', at: 'the first row of a dead letter is in the transaction' },
  { name: 'store:before-dead-letter-commit', in: 'log', at: 'a dead letter is in the transaction' },
  {
    name: 'store:after-dead-letter-commit',
    in: 'log',
    at: 'a dead letter is stored, but the dispatcher has no answer',
  },
] as const satisfies readonly { name: string; in: 'ingest' | 'persist' | 'source' | 'log' | 'any'; at: string }[]

export type CrashPoint = (typeof crashPoints)[number]['name']

/** Whether the process has reached the point at which it has to die. */
export type IsDue = (point: CrashPoint) => boolean

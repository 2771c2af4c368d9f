export const crashPoints = [
  { name: 'ingest:before-publish', in: 'ingest', at: 'nothing of a batch was sent to Kafka' },
  { name: 'ingest:after-publish', in: 'ingest', at: 'Kafka has acknowledged a batch, no client was answered' },
  { name: 'persist:before-insert', in: 'persist', at: 'a group is read, nothing of it is in MongoDB' },
  { name: 'persist:after-insert', in: 'persist', at: 'a group is in MongoDB, no delivery was answered' },
  { name: 'persist:before-dead-letter', in: 'persist', at: 'a record cannot be saved, and is not deadLetter yet' },
  {
    name: 'persist:after-dead-letter',
    in: 'persist',
    at: 'a dead letter is in MongoDB, its delivery was not answered',
  },
  { name: 'persist:before-outcome', in: 'persist', at: 'an outcome other than stored is decided, and not written' },
  {
    name: 'persist:after-outcome',
    in: 'persist',
    at: 'an outcome other than stored is written, its delivery was not answered',
  },
  {
    name: 'dispatcher:before-post',
    in: 'source',
    at: 'a record is taken from Kafka, nothing of it was sent to persist',
  },
  { name: 'dispatcher:mid-post', in: 'source', at: 'a request is out, and not answered' },
  { name: 'dispatcher:after-answer', in: 'source', at: 'persist has answered, and the dispatcher has not noted it' },
  { name: 'dispatcher:before-commit', in: 'source', at: 'deliveries are done, their offsets are not committed' },
  { name: 'dispatcher:after-commit', in: 'source', at: 'offsets are committed' },
  { name: 'dispatcher:before-dead-letter', in: 'source', at: 'a record is given up, and not on the dead-letter topic' },
  { name: 'dispatcher:after-dead-letter', in: 'source', at: 'a record is on the dead-letter topic, not committed' },
  { name: 'http:before-answer', in: 'any', at: 'a POST is done, nothing of its answer was sent' },
  { name: 'http:mid-answer', in: 'any', at: 'half of the answer to a POST was sent' },
  { name: 'http:after-answer', in: 'any', at: 'the answer to a POST was sent' },
  { name: 'queue:mid-publish', in: 'log', at: 'the first record of a batch is in the transaction' },
  { name: 'queue:before-publish-commit', in: 'log', at: 'a batch is in the transaction' },
  { name: 'queue:after-publish-commit', in: 'log', at: 'a batch is in the queue, no client was answered' },
  { name: 'queue:before-settle-commit', in: 'log', at: 'records are stored, and still in the queue' },
  { name: 'queue:after-settle-commit', in: 'log', at: 'records are stored, and gone from the queue' },
  { name: 'store:mid-save', in: 'log', at: 'the first activity of a group is in the transaction' },
  { name: 'store:before-save-commit', in: 'log', at: 'a group is in the transaction' },
  { name: 'store:after-save-commit', in: 'log', at: 'a group is stored, the dispatcher was not answered' },
  { name: 'store:mid-dead-letter', in: 'log', at: 'the first row of a dead letter is in the transaction' },
  { name: 'store:before-dead-letter-commit', in: 'log', at: 'a dead letter is in the transaction' },
  { name: 'store:after-dead-letter-commit', in: 'log', at: 'a dead letter is stored, the dispatcher was not answered' },
] as const satisfies readonly { name: string; in: 'ingest' | 'persist' | 'source' | 'log' | 'any'; at: string }[]

export type CrashPoint = (typeof crashPoints)[number]['name']

/** Whether the process has reached the point at which it has to die. */
export type IsDue = (point: CrashPoint) => boolean

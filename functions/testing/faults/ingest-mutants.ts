import type { Mutant } from './mutant.ts'

const connection = 'shared/broker/broker-connection.ts'
const broker = 'shared/broker/kafka.ts'
const createGroupCommit = 'shared/group-commit.ts'

/** Safeguards between the request and the queue: in ingest, its broker and the server that all functions share. */
export const ingestMutants: readonly Mutant[] = [
  {
    name: 'one-partition-per-acknowledgement',
    safeguard: 'The records of an acknowledgement lie in one partition, which the answer names',
    breaks: 'what was answered 202 is found',
    in: ['ingest'],
    fault: 'leader moves',
    shownBy:
      'move the leader of one of three partitions, each led by another broker, under load: dozens that were answered 202 are never found',
    edits: [
      {
        file: connection,
        find: 'return message.partition as number',
        replace: 'return partitionMetadata[Math.floor(Math.random() * partitionMetadata.length)]?.partitionId ?? 0',
      },
      {
        file: connection,
        find: 'if (named?.partition !== partition || named.errorCode !== 0 || others.length > 0 || !(first >= 0)) {',
        replace: 'if (!named) {',
      },
      { file: connection, find: 'retry: { retries: 0, initialRetryTime: 50 }', replace: 'retry: { retries: 5 }' },
    ],
  },
  {
    name: 'acks',
    safeguard: 'A 202 waits for all replicas in sync',
    breaks: 'what was answered 202 is found',
    in: ['ingest'],
    fault: 'broker',
    shownBy:
      'pause two of three brokers, post to partitions of the third until one answers 202, kill it, resume the two: it is never found',
    edits: [{ file: connection, find: 'acks: -1', replace: 'acks: 1' }],
  },
  {
    name: 'fsync',
    safeguard: 'A batch of the embedded queue is on the disk when it is acknowledged',
    breaks: 'what was answered 202 is found',
    in: ['log'],
    fault: 'power loss',
    shownBy: 'the power loss of functions/testing/faults/durability.ts: what was acknowledged is not on the disk',
    edits: [
      {
        file: 'shared/broker/embedded-broker.ts',
        find: 'const db = openSqliteFile({ path, migrations })',
        replace: "const db = openSqliteFile({ path, migrations, synchronous: 'OFF' as 'FULL' })",
      },
    ],
  },
  {
    name: 'publish-deadline',
    safeguard: 'A POST is answered though Kafka does not answer',
    breaks: 'every POST is answered in time',
    in: ['ingest'],
    fault: 'broker',
    shownBy: 'pause every broker, post: there is no answer for as long as they are paused',
    edits: [
      { file: connection, find: 'requestTimeoutMs: acknowledgeMs + 500', replace: 'requestTimeoutMs: 3_600_000' },
      { file: broker, find: 'timeout: 4_600,', replace: 'timeout: 3_600_000,' },
      { file: 'functions/ingest/app.ts', find: 'deadlineMs = 5_000', replace: 'deadlineMs = 3_600_000' },
    ],
  },
  {
    name: 'bounded-waiting',
    safeguard: 'What waits for Kafka is bounded; what is beyond gets a 503 at once',
    breaks: 'memory stays bounded',
    in: ['ingest', 'persist', 'log'],
    fault: 'broker',
    shownBy:
      'pause every broker, post 25,000 in batches: what is beyond 20,000 waits for the deadline too, instead of a 503 at once',
    edits: [
      {
        file: createGroupCommit,
        find: 'if (waiting.size >= maxWaitingItems || (waiting.size > 0 && waitingBytes + bytes > maxWaitingBytes)) {',
        replace: 'if (maxWaitingItems + maxWaitingBytes < 0) {',
      },
    ],
  },
  {
    name: 'bounded-group',
    safeguard: 'A group is no larger than what Kafka takes at once',
    breaks: 'a healthy Kafka takes what is posted',
    in: ['ingest'],
    fault: 'load',
    shownBy: 'post a batch of 100 activities with 20 KiB of metadata each: 503, however often',
    edits: [
      {
        file: createGroupCommit,
        find: 'if (group.length > 0 && (group.length >= maxItems || bytes + one.bytes > maxBytes)) break',
        replace: 'if (maxItems + maxBytes < 0) break',
      },
    ],
  },
  {
    name: 'drain',
    safeguard: 'A process that is told to stop answers what is under way',
    breaks: 'a stop costs no request its answer',
    in: ['ingest', 'persist', 'log'],
    fault: 'stop',
    shownBy: 'SIGTERM under load: requests that were accepted end without an answer',
    edits: [{ file: 'shared/http/serve.ts', find: '      resolve(signal)\n', replace: '      process.exit(0)\n' }],
  },
]

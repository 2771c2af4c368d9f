import type { Mutant } from './mutant.ts'

const connection = 'shared/broker/broker-connection.ts'
const broker = 'shared/broker/kafka.ts'
const createGroupCommit = 'shared/group-commit.ts'

/** Safeguards between the request and the queue: in ingest, its broker and the server that all functions share. */
export const ingestMutants: readonly Mutant[] = [
  {
    name: 'one-partition-per-acknowledgement',
    safeguard: 'All records of an acknowledged batch are in the partition that the answer names',
    breaks: 'activities acknowledged with a 202 are found',
    in: ['ingest'],
    fault: 'leader moves',
    shownBy:
      'move the leader of one of three partitions, each led by another broker, under load: dozens of acknowledged activities are never found',
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
    safeguard: 'A 202 waits for all in-sync replicas',
    breaks: 'activities acknowledged with a 202 are found',
    in: ['ingest'],
    fault: 'broker',
    shownBy:
      'pause two of three brokers, post to partitions of the third until one answers 202, kill it, resume the two: the activity is never found',
    edits: [{ file: connection, find: 'acks: -1', replace: 'acks: 1' }],
  },
  {
    name: 'fsync',
    safeguard: 'A batch of the embedded queue is synced to disk before it is acknowledged',
    breaks: 'activities acknowledged with a 202 are found',
    in: ['log'],
    fault: 'power loss',
    shownBy: 'the power loss of functions/testing/faults/durability.ts: acknowledged activities are not on the disk',
    edits: [
      {
        file: 'shared/broker/embedded-broker.ts',
        find: 'const db = openSqliteFile({ path, migrations, canShrink: true })',
        replace: "const db = openSqliteFile({ path, migrations, canShrink: true, synchronous: 'OFF' as 'FULL' })",
      },
    ],
  },
  {
    name: 'publish-deadline',
    safeguard: 'A POST is answered even when Kafka does not answer',
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
    safeguard: 'The queue before Kafka is bounded; further activities get a 503 immediately',
    breaks: 'memory stays bounded',
    in: ['ingest', 'persist', 'log'],
    fault: 'broker',
    shownBy:
      'pause every broker, post 25,000 in batches: activities beyond 20,000 also wait for the deadline, instead of getting a 503 immediately',
    edits: [
      {
        file: createGroupCommit,
        find: 'if (isFull(owner, bytes)) {',
        replace: 'if (isFull(owner, bytes) && maxWaitingItems < 0) {',
      },
    ],
  },
  {
    name: 'bounded-group',
    safeguard: 'A group is no larger than the largest batch that Kafka accepts',
    breaks: 'a healthy Kafka accepts what is posted',
    in: ['ingest'],
    fault: 'load',
    shownBy: 'post a batch of 100 activities with 20 KiB of metadata each: 503, however often',
    edits: [
      {
        file: createGroupCommit,
        find: 'if (group.length > 0 && (group.length >= maxItems || bytes + entry.bytes > maxBytes)) break',
        replace: 'if (maxItems + maxBytes < 0) break',
      },
    ],
  },
  {
    name: 'drain',
    safeguard: 'A process that is told to stop answers the requests in flight',
    breaks: 'a stop leaves no request without an answer',
    in: ['ingest', 'persist', 'log'],
    fault: 'stop',
    shownBy: 'SIGTERM under load: requests that were accepted end without an answer',
    edits: [{ file: 'shared/http/serve.ts', find: '      resolve(signal)\n', replace: '      process.exit(0)\n' }],
  },
]

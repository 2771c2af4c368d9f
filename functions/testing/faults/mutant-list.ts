export type Edit = { file: string; find: string; replace: string }

export type Mutant = {
  name: string
  safeguard: string
  /** What the program promises, and does not keep without the safeguard. */
  breaks: string
  /** The processes that lack it, as functions/testing/production.ts names them; `log` is npm start. */
  in: readonly ('ingest' | 'persist' | 'source' | 'log')[]
  /** What has to go wrong for it to be seen; `nothing` where an ordinary request is enough. */
  fault: 'nothing' | 'kill' | 'stop' | 'power loss' | 'broker' | 'leader moves' | 'store' | 'load'
  /** A way to see it, step by step, and what is seen. */
  shownBy: string
  edits: readonly Edit[]
}

const lane = 'shared/broker/kafka-lane.ts'
const broker = 'shared/broker/kafka.ts'
const mongoClient = 'shared/store/mongo-client.ts'
const persist = 'functions/persist/app.ts'
const dispatcher = 'shared/dispatch/embedded-dispatcher.ts'
const groupCommit = 'shared/group-commit.ts'

export const mutants: readonly Mutant[] = [
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
        file: lane,
        find: 'return message.partition as number',
        replace: 'return partitionMetadata[Math.floor(Math.random() * partitionMetadata.length)]?.partitionId ?? 0',
      },
      {
        file: lane,
        find: 'if (named?.partition !== partition || named.errorCode !== 0 || others.length > 0 || !(first >= 0)) {',
        replace: 'if (!named) {',
      },
      { file: lane, find: 'retry: { retries: 0, initialRetryTime: 50 }', replace: 'retry: { retries: 5 }' },
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
    edits: [{ file: lane, find: 'acks: -1', replace: 'acks: 1' }],
  },
  {
    name: 'unique-id',
    safeguard: 'An id is stored once: a unique index, a key made of the id, one insert for an id that comes twice',
    breaks: 'what was sent twice is found once',
    in: ['persist', 'log'],
    fault: 'nothing',
    shownBy: 'post the same activity twice: GET /logs has it twice',
    edits: [
      { file: 'shared/store/mongo-indexes.ts', find: '{ key: byId, unique: true }', replace: '{ key: byId }' },
      {
        file: 'shared/store/mongo-save.ts',
        find: 'for (const document of documents) if (!firsts.has(identity(document))) firsts.set(identity(document), document)',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source
        replace: 'for (const document of documents) firsts.set(`${firsts.size}`, document)',
      },
      {
        file: 'shared/document.ts',
        find: 'key: activityKey(tenant, activity.id, at.ms)',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source
        replace: 'key: activityKey(tenant, `${activity.id}/${Math.random()}`, at.ms)',
      },
      { file: 'shared/store/sqlite-migrations.ts', find: 'CREATE UNIQUE INDEX byId', replace: 'CREATE INDEX byId' },
    ],
  },
  {
    name: 'conflict',
    safeguard: 'The same id with other content is a conflict',
    breaks: 'nothing is silently dropped',
    in: ['persist', 'log'],
    fault: 'nothing',
    shownBy: 'post two activities under one id: the second is neither found nor a dead letter',
    edits: ['shared/store/mongo-save.ts', 'shared/store/sqlite-save.ts'].map((file) => ({
      file,
      find: "if (present.digest !== document.digest) return 'conflict'",
      replace: '',
    })),
  },
  {
    name: 'parking',
    safeguard: 'What cannot be saved is parked before it is answered',
    breaks: 'nothing is silently dropped',
    in: ['persist', 'log'],
    fault: 'nothing',
    shownBy: 'post two activities under one id: the second is neither found nor a dead letter',
    edits: [
      { file: persist, find: 'fromStore(store.deadLetter([deadLetter]),', replace: 'fromStore(Promise.resolve(),' },
    ],
  },
  {
    name: 'fate-of-a-duplicate',
    safeguard: 'The fate of a duplicate is written with its group',
    breaks: 'every record has a fate',
    in: ['persist', 'log'],
    fault: 'nothing',
    shownBy: 'post the same activity twice: the second receipt stays pending, the books do not balance',
    edits: [
      {
        file: 'shared/store/mongo-save.ts',
        find: 'await fates.write(duplicates.map(toDuplicate))',
        replace: 'duplicates.map(toDuplicate)',
      },
      {
        file: 'shared/store/sqlite-save.ts',
        find: "fates.write({ position, fate: 'duplicate', tenant, activityId: id, recordedAt: event.recordedAt })",
        replace: '',
      },
    ],
  },
  {
    name: 'fate-of-a-dead-letter',
    safeguard: 'The fate of what is parked is written with it',
    breaks: 'every record has a fate',
    in: ['persist', 'log'],
    fault: 'nothing',
    shownBy: 'post two activities under one id: the second receipt stays pending, the books do not balance',
    edits: [
      { file: 'shared/store/mongo-dead-letters.ts', find: 'await fates.write(written)', replace: '' },
      { file: 'shared/store/sqlite.ts', find: 'written.forEach(ledger.write)', replace: '' },
    ],
  },
  {
    name: 'dead-letter-before-fate',
    safeguard: 'A fate is written after the dead letter that it names',
    breaks: 'a receipt never names a dead letter that is not there',
    in: ['persist'],
    fault: 'kill',
    shownBy:
      'post two activities under one id with CRASH_AT=persist:after-fate: the second receipt says conflict, its dead letter is 404',
    edits: [
      { file: 'shared/store/mongo-dead-letters.ts', find: 'await upsert(letters.map(toUpsert))', replace: '' },
      {
        file: 'shared/store/mongo-dead-letters.ts',
        find: 'await fates.write(written)',
        replace: 'await fates.write(written)\n      await upsert(letters.map(toUpsert))',
      },
    ],
  },
  {
    name: 'save-before-answer',
    safeguard: 'persist answers 204 when the store has it',
    breaks: 'what was answered 202 is found',
    in: ['persist', 'log'],
    fault: 'kill',
    shownBy:
      'stop MongoDB, post, wait until the offset is committed, kill persist, start both: it is never found. Also: a conflict is no dead letter',
    edits: [
      {
        file: persist,
        find: 'const outcome = await fromStore(save({ ...recorded.value, position }),',
        replace: `save({ ...recorded.value, position }).catch(() => {})
    return noContent()
    const outcome = await fromStore(Promise.resolve(''),`,
      },
    ],
  },
  {
    name: 'write-concern',
    safeguard: 'A write counts when the journals of a majority have it',
    breaks: 'what was answered 202 is found; nothing is silently dropped',
    in: ['persist'],
    fault: 'store',
    shownBy:
      'pause MongoDB, post, wait until the offset is committed, kill MongoDB, start it: it is never found. Also: a conflict is no dead letter',
    edits: [
      {
        file: mongoClient,
        find: "writeConcern: { w: 'majority', journal: true, wtimeoutMS }",
        replace: 'writeConcern: { w: 0 }',
      },
    ],
  },
  {
    name: 'commit-after-outcome',
    safeguard: 'The dispatcher commits what has an outcome',
    breaks: 'what was answered 202 is found',
    in: ['source'],
    fault: 'kill',
    shownBy:
      'stop persist, post, wait until the offset is committed, kill the dispatcher, start both: it is never found',
    edits: [
      {
        file: 'functions/kafka-source/take.ts',
        find: 'partition.progress.taken(record.offset)',
        replace: 'partition.progress.taken(record.offset)\n        partition.progress.finished(record.offset)',
      },
    ],
  },
  {
    name: 'settle-after-delivery',
    safeguard: 'The embedded dispatcher settles what has an outcome',
    breaks: 'what was answered 202 is found',
    in: ['log'],
    fault: 'kill',
    shownBy: 'post with CRASH_AT=store:before-save-commit, start again: it is never found',
    edits: [
      {
        file: dispatcher,
        find: 'const request = sinkRequest({ ...position, headers, value }, source)',
        replace:
          'queue.settle([position.offset])\n    const request = sinkRequest({ ...position, headers, value }, source)',
      },
    ],
  },
  {
    name: 'retry-rule',
    safeguard: 'A delivery that is answered 5xx is tried again',
    breaks: 'what was answered 202 is found',
    in: ['source', 'log'],
    fault: 'store',
    shownBy: 'stop MongoDB, post, wait until the offset is committed, start MongoDB: it is never found',
    edits: [
      {
        file: 'shared/dispatch/delivery.ts',
        find: "if (status < 300) return 'delivered'",
        replace: "if (status < 300 || status >= 500) return 'delivered'",
      },
    ],
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
        file: 'shared/broker/embedded.ts',
        find: 'const db = openSqliteFile({ path, migrations })',
        replace: "const db = openSqliteFile({ path, migrations, synchronous: 'OFF' as 'FULL' })",
      },
    ],
  },
  {
    name: 'fsync-store',
    safeguard: 'A group is on the disk before its records leave the embedded queue',
    breaks: 'what was answered 202 is found',
    in: ['log'],
    fault: 'power loss',
    shownBy: 'the power loss of functions/testing/faults/durability.ts: what was acknowledged is in neither file',
    edits: [
      {
        file: 'shared/store/sqlite.ts',
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
      { file: lane, find: 'requestTimeoutMs: acknowledgeMs + 500', replace: 'requestTimeoutMs: 3_600_000' },
      { file: broker, find: 'patience: 4_600,', replace: 'patience: 3_600_000,' },
      { file: 'functions/ingest/app.ts', find: 'deadlineMs = 5_000', replace: 'deadlineMs = 3_600_000' },
    ],
  },
  {
    name: 'store-deadline',
    safeguard: 'A delivery is answered though MongoDB does not answer',
    breaks: 'every call of persist is answered in time',
    in: ['persist'],
    fault: 'store',
    shownBy: 'pause MongoDB, POST a delivery to persist: there is no answer for as long as it is paused',
    edits: [
      { file: mongoClient, find: 'const socketTimeoutMs = 4500', replace: 'const socketTimeoutMs = 0' },
      { file: mongoClient, find: 'serverSelectionTimeoutMS: 3000', replace: 'serverSelectionTimeoutMS: 3_600_000' },
      { file: mongoClient, find: 'waitQueueTimeoutMS: 2000', replace: 'waitQueueTimeoutMS: 0' },
      { file: 'shared/store/mongo.ts', find: 'const answerMs = 9_500', replace: 'const answerMs = 3_600_000' },
      { file: persist, find: 'deadlineMs = 10_000', replace: 'deadlineMs = 3_600_000' },
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
        file: groupCommit,
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
        file: groupCommit,
        find: 'if (group.length > 0 && (group.length >= maxItems || bytes + one.bytes > maxBytes)) break',
        replace: 'if (maxItems + maxBytes < 0) break',
      },
    ],
  },
]

import type { Mutant } from './mutant.ts'

const mongoClient = 'shared/store/mongo-client.ts'
const persist = 'functions/persist/app.ts'

/** Safeguards between a delivery and the store. */
export const persistMutants: readonly Mutant[] = [
  {
    name: 'unique-id',
    safeguard:
      'An id is stored once: a unique index, a key derived from the id, one insert for an id that arrives twice',
    breaks: 'an activity that was sent twice is found once',
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
        find: 'hash: hash(tenant, activity.id)',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source
        replace: 'hash: hash(tenant, `${activity.id}/${Math.random()}`)',
      },
      {
        file: 'shared/store/sqlite-migrations.ts',
        find: 'CREATE UNIQUE INDEX byId ON activities (tenant, id);\n   CREATE INDEX byTime ON activities (tenant, timestampMs',
        replace:
          'CREATE INDEX byId ON activities (tenant, id);\n   CREATE INDEX byTime ON activities (tenant, timestampMs',
      },
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
    name: 'dead-lettering',
    safeguard: 'A record that cannot be saved is dead-lettered before it is answered',
    breaks: 'nothing is silently dropped',
    in: ['persist', 'log'],
    fault: 'nothing',
    shownBy: 'post two activities under one id: the second is neither found nor a dead letter',
    edits: [
      {
        file: persist,
        find: 'orUnavailable(keep(deadLetter),',
        replace: 'orUnavailable(Promise.resolve(),',
      },
    ],
  },
  {
    name: 'outcome-of-a-duplicate',
    safeguard: 'The outcome of a duplicate is written with its group',
    breaks: 'every record has an outcome',
    in: ['persist', 'log'],
    fault: 'nothing',
    shownBy: 'post the same activity twice: the second receipt stays pending, and the ledger is incomplete',
    edits: [
      {
        file: 'shared/store/mongo-save.ts',
        find: "outcome === 'duplicate' || (outcome === 'stored' && expiresSoon(each))",
        replace: "outcome === 'stored' && expiresSoon(each)",
      },
      {
        file: 'shared/store/sqlite-save.ts',
        find: "ledger.write({ position, outcome: 'duplicate', tenant, activityId: id, recordedAt: event.recordedAt })",
        replace: '',
      },
    ],
  },
  {
    name: 'outcome-of-a-dead-letter',
    safeguard: 'The outcome of a dead letter is written with the dead letter',
    breaks: 'every record has an outcome',
    in: ['persist', 'log'],
    fault: 'nothing',
    shownBy: 'post two activities under one id: the second receipt stays pending, and the ledger is incomplete',
    edits: [
      { file: 'shared/store/mongo-dead-letters.ts', find: 'await ledger.write(written)', replace: '' },
      { file: 'shared/store/sqlite.ts', find: 'written.forEach(ledger.write)', replace: '' },
    ],
  },
  {
    name: 'dead-letter-before-outcome',
    safeguard: 'An outcome is written after the dead letter that it names',
    breaks: 'a receipt never names a dead letter that does not exist',
    in: ['persist'],
    fault: 'kill',
    shownBy:
      'post two activities under one id with CRASH_AT=persist:after-outcome: the second receipt says conflict, its dead letter is 404',
    edits: [
      { file: 'shared/store/mongo-dead-letters.ts', find: 'await upsert(letters.map(toUpsert))', replace: '' },
      {
        file: 'shared/store/mongo-dead-letters.ts',
        find: 'await ledger.write(written)',
        replace: 'await ledger.write(written)\n      await upsert(letters.map(toUpsert))',
      },
    ],
  },
  {
    name: 'save-before-answer',
    safeguard: 'persist answers 204 only when the store has the activity',
    breaks: 'activities acknowledged with a 202 are found',
    in: ['persist', 'log'],
    fault: 'kill',
    shownBy:
      'stop MongoDB, post, wait until the offset is committed, kill persist, start both: the activity is never found. Also: a conflict is not dead-lettered',
    edits: [
      {
        file: persist,
        find: 'const outcome = await orUnavailable(saved,',
        replace: `saved.catch(() => {})
    return taken
    const outcome = await orUnavailable(Promise.resolve(''),`,
      },
    ],
  },
  {
    name: 'write-concern',
    safeguard: 'A write counts only when the journals of a majority have it',
    breaks: 'activities acknowledged with a 202 are found; nothing is silently dropped',
    in: ['persist'],
    fault: 'store',
    shownBy:
      'pause MongoDB, post, wait until the offset is committed, kill MongoDB, start it: the activity is never found. Also: a conflict is not dead-lettered',
    edits: [
      {
        file: mongoClient,
        find: "writeConcern: { w: 'majority', journal: true, wtimeoutMS }",
        replace: 'writeConcern: { w: 0 }',
      },
    ],
  },
  {
    name: 'fsync-store',
    safeguard: 'A group is synced to disk before its records leave the embedded queue',
    breaks: 'activities acknowledged with a 202 are found',
    in: ['log'],
    fault: 'power loss',
    shownBy: 'the power loss of functions/testing/faults/durability.ts: acknowledged activities are in neither file',
    edits: [
      {
        file: 'shared/store/sqlite.ts',
        find: 'const db = openSqliteFile({ path, migrations })',
        replace: "const db = openSqliteFile({ path, migrations, synchronous: 'OFF' as 'FULL' })",
      },
    ],
  },
  {
    name: 'store-deadline',
    safeguard: 'A delivery is answered even when MongoDB does not answer',
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
]

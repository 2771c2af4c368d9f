import { RetentionDays } from '@activity-log/shared/store/mongo-config.ts'
import * as v from 'valibot'
import { type Command, defineCommand } from './command.ts'
import { exitCodes } from './exit-codes.ts'
import { explainMongo, mongoRules, mongoVariables } from './open-mongo.ts'
import { startProgress } from './progress-line.ts'

const BatchSize = v.optional(
  v.pipe(
    v.string(),
    v.check((text) => /^[1-9]\d{0,3}$/.test(text), 'must be 1 to 9999'),
    v.transform(Number),
  ),
  '1000',
)

export const migrateCommand: Command = defineCommand({
  name: 'migrate',
  summary: 'migrate MongoDB to this version, create its indexes, and set how long activities are kept',
  details: `If the database is in the format of an earlier version, copies everything into new collections, checks that
nothing is missing, and puts them into use at the end; until then persist and query answer 503. You may stop the command
and run it again: it continues where it was. The collections of before stay as they are, but nobody can write into them
any more; UPGRADING.md says when to drop them.

Then it creates the indexes that persist would create when it starts, and sets the retention. It prints each change. If
there is nothing to migrate, you may run it at any time, even beside a running log.`,
  arguments: {},
  options: {
    batchSize: { value: 'N', summary: 'how many documents to copy at a time', schema: BatchSize },
  },
  environment: {
    ...mongoVariables,
    RETENTION_DAYS: {
      summary: 'how many days to keep activities; without it, they are kept forever',
      schema: RetentionDays,
    },
  },
  rules: mongoRules,
  async run({ MONGODB_URI: uri, MONGODB_DATABASE: database, RETENTION_DAYS: retentionDays, batchSize }) {
    const { migrateMongo } = await import('@activity-log/shared/store/mongo-migrate.ts')
    using progress = startProgress('Copying')
    const changes = await migrateMongo({
      uri,
      database,
      retentionDays,
      batchSize,
      onProgress: (done, of) => progress.update(done, of, `${done.toLocaleString('en')} of ${of.toLocaleString('en')}`),
    }).catch((error) => {
      progress.stop()
      explainMongo(error)
    })
    progress.stop()
    for (const change of changes) console.log(change)
    console.log(`${changes.length === 0 ? 'Nothing to do' : 'Done'}: database ${database}`)
    return exitCodes.done
  },
})

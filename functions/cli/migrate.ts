import { RetentionDays } from '@activity-log/shared/store/mongo-config.ts'
import { type Command, defineCommand } from './command.ts'
import { exitCodes } from './exit-codes.ts'
import { explainMongo, mongoRules, mongoVariables } from './open-mongo.ts'

export const migrateCommand: Command = defineCommand({
  name: 'migrate',
  summary: 'create the indexes in MongoDB, and set how long activities are kept',
  details: `Creates the indexes that persist would create when it starts, and prints each change. You may run it at any
time, even beside a running log.`,
  arguments: {},
  options: {},
  environment: {
    ...mongoVariables,
    RETENTION_DAYS: {
      summary: 'how many days to keep activities; without it, they are kept forever',
      schema: RetentionDays,
    },
  },
  rules: mongoRules,
  async run({ MONGODB_URI: uri, MONGODB_DATABASE: database, RETENTION_DAYS: retentionDays }) {
    const { migrateMongo } = await import('@activity-log/shared/store/mongo-migrate.ts')
    const changes = await migrateMongo({ uri, database, retentionDays }).catch(explainMongo)
    for (const change of changes) console.log(change)
    console.log(`${changes.length === 0 ? 'Nothing to do' : 'Done'}: database ${database}`)
    return exitCodes.done
  },
})

import { RetentionDays } from '@activity-log/shared/store/mongo-config.ts'
import { type Command, defineCommand } from './command.ts'
import { exitCodes } from './exit-codes.ts'
import { explainMongo, mongoRules, mongoVariables } from './open-mongo.ts'

export const migrateCommand: Command = defineCommand({
  name: 'migrate',
  summary: 'make the indexes in MongoDB, and set how long activities are kept',
  details: `Makes what persist would make at its start, and says what it made. It may be run at any time and again, also
beside a running log.`,
  arguments: {},
  options: {},
  environment: {
    ...mongoVariables,
    RETENTION_DAYS: { summary: 'days that an activity is kept; without it, for ever', schema: RetentionDays },
  },
  rules: mongoRules,
  async run({ MONGODB_URI: uri, MONGODB_DATABASE: database, RETENTION_DAYS: retentionDays }) {
    const { migrateMongo } = await import('@activity-log/shared/store/mongo-migrate.ts')
    const changes = await migrateMongo({ uri, database, retentionDays }).catch(explainMongo)
    for (const change of changes) console.log(change)
    console.log(`${changes.length === 0 ? 'All was there already' : 'Done'}: database ${database}`)
    return exitCodes.done
  },
})

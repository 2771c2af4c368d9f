import { readConfig } from '@activity-log/shared/config.ts'
import { run } from '@activity-log/shared/http/run.ts'
import { mongoEntries, RetentionDays } from '@activity-log/shared/store/mongo-config.ts'
import { migrateMongo } from '@activity-log/shared/store/mongo-migrate.ts'
import * as v from 'valibot'
import { explainMongo } from './mongo-trouble.ts'

/** npm run migrate: makes what persist would make at its start. To be run again at any time, also beside a running log. */
const Config = v.object({ ...mongoEntries, RETENTION_DAYS: RetentionDays })

async function main() {
  const { MONGODB_URI, MONGODB_DATABASE, RETENTION_DAYS } = readConfig(Config, process.env)
  const retentionDays = RETENTION_DAYS
  const changes = await migrateMongo({ uri: MONGODB_URI, database: MONGODB_DATABASE, retentionDays }).catch(
    explainMongo,
  )
  for (const change of changes) console.log(change)
  console.log(`${changes.length === 0 ? 'All was there already' : 'Done'}: database ${MONGODB_DATABASE}`)
}

run(main)

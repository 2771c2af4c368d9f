import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

/**
 * npm run test:integration and npm run system -- mutants run tests that need Kafka and MongoDB, and say so without
 * them.
 */
const usage = `npm run test:integration needs Kafka and MongoDB. Set the missing variables and run it again:

  KAFKA_BROKERS     host:port, separated by commas
  MONGODB_URI       mongodb://…

With docker compose:

  docker compose up --build --wait debug
  KAFKA_BROKERS=localhost:9092 MONGODB_URI='mongodb://localhost:27017/?directConnection=true' npm run test:integration

Tests of outages stop and start the servers. They are skipped unless these variables name a command that takes kill,
pause, resume and restart (for Kafka with the number of a broker: 1, 2 …) and start (everything that is down):

  KAFKA_CONTROL     such as "tools/kafka --port 9092"
  MONGODB_CONTROL

With Kafka's defaults, a request times out before the brokers notice that one of them is dead. Set these options:
broker.session.timeout.ms=3000, broker.heartbeat.interval.ms=500, controller.quorum.fetch.timeout.ms=1000 and
controller.quorum.election.timeout.ms=500.
`

const missing = ['KAFKA_BROKERS', 'MONGODB_URI'].filter((name) => !process.env[name])
if (missing.length > 0) {
  console.error(`${missing.join(' and ')} not set.\n\n${usage}`)
  process.exit(1)
}
const vitest = join(import.meta.dirname, '../../node_modules/vitest/vitest.mjs')
const [project = 'integration', ...further] = process.argv.slice(2)
const args = [vitest, 'run', '--project', project, ...further]
process.exit(spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1)

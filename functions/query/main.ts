import { readConfig } from '@activity-log/shared/config.ts'
import { openLog } from '@activity-log/shared/http/open-log.ts'
import { run } from '@activity-log/shared/http/run.ts'
import { listen, untilTerminated } from '@activity-log/shared/http/serve.ts'
import { openMongoStore } from '@activity-log/shared/store/mongo.ts'
import { mongoRule } from '@activity-log/shared/store/mongo-client.ts'
import { createApp } from './app.ts'
import { Config } from './config.ts'

async function main() {
  const config = readConfig(Config, process.env, mongoRule)
  const log = openLog('query', config.LOG_LEVEL)
  await using store = openMongoStore({ uri: config.MONGODB_URI, database: config.MONGODB_DATABASE, log })
  const stopping = new AbortController()
  const app = createApp({ store, log, now: () => new Date(), stopping: stopping.signal })
  await using server = await listen({ ...app, port: config.PORT, log, trustedProxies: config.TRUSTED_PROXIES })
  log.info({ port: server.port }, 'listening')
  const signal = await Promise.race([untilTerminated(), store.misconfigured])
  log.info({ signal }, 'stopping; requests in flight are finished first')
  stopping.abort()
}

run(main)

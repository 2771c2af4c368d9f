import { openAccess } from '@activity-log/shared/access/open-access.ts'
import { openActs } from '@activity-log/shared/access/open-acts.ts'
import { ownRule } from '@activity-log/shared/access/own-config.ts'
import { accessRule } from '@activity-log/shared/access-config.ts'
import { readConfig } from '@activity-log/shared/config.ts'
import { openLog } from '@activity-log/shared/http/open-log.ts'
import { run } from '@activity-log/shared/http/run.ts'
import { listen, untilTerminated } from '@activity-log/shared/http/serve.ts'
import { listenOptions } from '@activity-log/shared/listen-config.ts'
import type { OwnActivity } from '@activity-log/shared/own-activity.ts'
import { openMongoStore } from '@activity-log/shared/store/mongo.ts'
import { mongoRule } from '@activity-log/shared/store/mongo-client.ts'
import { createApp } from './app.ts'
import { Config } from './config.ts'

async function main() {
  const config = readConfig(Config, process.env, accessRule, ownRule, mongoRule)
  const log = openLog('query', config.LOG_LEVEL)
  const access = await openAccess(config, log)
  await using store = openMongoStore({ uri: config.MONGODB_URI, database: config.MONGODB_DATABASE, log })
  const isKnown = async ({ tenant, activity }: OwnActivity) => (await store.get(tenant, activity.id)) !== undefined
  const acts = openActs({ config, access, log, now: () => new Date(), isKnown })
  const stopping = new AbortController()
  const app = createApp({
    store,
    log,
    now: () => new Date(),
    stopping: stopping.signal,
    basePath: config.BASE_PATH,
    access,
    acts,
  })
  await using server = await listen({ ...app, ...listenOptions(config), onTurnedAway: access?.onTurnedAway, log })
  log.info({ port: server.port, hosts: server.hosts }, 'listening')
  const signal = await Promise.race([untilTerminated(), store.misconfigured])
  log.info({ signal }, 'stopping after the requests in flight')
  stopping.abort()
}

run(main)

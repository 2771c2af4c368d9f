import { openAccess } from '@activity-log/shared/access/open-access.ts'
import { openActs } from '@activity-log/shared/access/open-acts.ts'
import { ownRule } from '@activity-log/shared/access/own-config.ts'
import { accessRule } from '@activity-log/shared/access-config.ts'
import { readConfig } from '@activity-log/shared/config.ts'
import type { Authenticate } from '@activity-log/shared/http/caller.ts'
import { checkedClock } from '@activity-log/shared/http/clock.ts'
import { openLog } from '@activity-log/shared/http/open-log.ts'
import { run } from '@activity-log/shared/http/run.ts'
import { listen, untilTerminated } from '@activity-log/shared/http/serve.ts'
import { watchFile } from '@activity-log/shared/http/watched-file.ts'
import { listenOptions } from '@activity-log/shared/listen-config.ts'
import type { Log } from '@activity-log/shared/log.ts'
import type { OwnActivity } from '@activity-log/shared/own-activity.ts'
import { openMongoStore } from '@activity-log/shared/store/mongo.ts'
import { mongoRule } from '@activity-log/shared/store/mongo-client.ts'
import type * as v from 'valibot'
import { createApp, maxRecordBytes } from './app.ts'
import { Config } from './config.ts'
import { deliveryRule, deliveryTrust } from './delivery-config.ts'
import { readDeliveryKeys } from './delivery-keys.ts'
import { authenticateDeliveries, createVerifier } from './delivery-token.ts'

async function main() {
  const config = readConfig(Config, process.env, accessRule, ownRule, mongoRule, deliveryRule)
  const log = openLog('persist', config.LOG_LEVEL)
  const access = await openAccess(config, log)
  await using store = openMongoStore({
    uri: config.MONGODB_URI,
    database: config.MONGODB_DATABASE,
    log,
    migrate: { retentionDays: config.RETENTION_DAYS },
  })
  const topics = { records: config.KAFKA_TOPIC, deadLetters: config.KAFKA_DEAD_LETTER_TOPIC }
  const now = checkedClock(() => new Date())
  const isKnown = async ({ tenant, activity }: OwnActivity) => (await store.get(tenant, activity.id)) !== undefined
  const acts = openActs({ config, access, log, now, isKnown })
  const authenticate = dispatchersOf(config, { log, now, otherwise: access?.authenticate })
  const app = createApp({ store, log, now, topics, authenticate, basePath: config.BASE_PATH, access, acts })
  await using server = await listen({
    ...app,
    ...listenOptions(config),
    onTurnedAway: access?.onTurnedAway,
    log,
    maxHeaderBytes: maxRecordBytes,
  })
  log.info({ port: server.port, hosts: server.hosts }, 'listening')
  const signal = await Promise.race([untilTerminated(), store.misconfigured])
  log.info({ signal }, 'stopping after the requests in flight')
}

/** Only dispatchers may deliver, if the configuration says how to tell them from others. */
function dispatchersOf(
  config: v.InferOutput<typeof Config>,
  { log, now, otherwise }: { log: Log; now: () => Date; otherwise: Authenticate | undefined },
): Authenticate | undefined {
  const wanted = deliveryTrust(config)
  if (!wanted) return undefined
  const { file, trust } = wanted
  const keys = watchFile(file, { parse: readDeliveryKeys, maxBytes: maxKeyFileBytes, log })
  return authenticateDeliveries(createVerifier({ trust, keys, now }), trust.subjects, otherwise)
}
const maxKeyFileBytes = 1024 * 1024

run(main)

import { recordFirstSeen } from '@activity-log/shared/access/acts.ts'
import { openAccess } from '@activity-log/shared/access/open-access.ts'
import { accessRule } from '@activity-log/shared/access-config.ts'
import { openKafkaBroker } from '@activity-log/shared/broker/kafka.ts'
import { kafkaConnection, kafkaRule } from '@activity-log/shared/broker/kafka-config.ts'
import { readConfig } from '@activity-log/shared/config.ts'
import { checkedClock } from '@activity-log/shared/http/clock.ts'
import { openLog } from '@activity-log/shared/http/open-log.ts'
import { run } from '@activity-log/shared/http/run.ts'
import { listen, untilTerminated } from '@activity-log/shared/http/serve.ts'
import { listenOptions } from '@activity-log/shared/listen-config.ts'
import { createApp } from './app.ts'
import { Config } from './config.ts'
import { newId } from './new-id.ts'

async function main() {
  const config = readConfig(Config, process.env, accessRule, kafkaRule)
  const log = openLog('ingest', config.LOG_LEVEL)
  const access = await openAccess(config, log)
  // the broker connects while the listener starts; an earlier request waits for the connection
  await using broker = openKafkaBroker({ connection: kafkaConnection(config), topic: config.KAFKA_TOPIC, log })
  // a round trip to Kafka takes longer than writing the records that arrive meanwhile
  const app = createApp({
    broker,
    log,
    now: checkedClock(() => new Date()),
    newId,
    secondFrom: 40,
    basePath: config.BASE_PATH,
    access,
  })
  if (access) recordFirstSeen(access, { publish: app.publishOwn })
  await using server = await listen({ ...app, ...listenOptions(config), onTurnedAway: access?.onTurnedAway, log })
  log.info({ port: server.port, hosts: server.hosts }, 'listening')
  const signal = await Promise.race([untilTerminated(), broker.misconfigured])
  log.info({ signal }, 'stopping after the requests in flight')
}

run(main)

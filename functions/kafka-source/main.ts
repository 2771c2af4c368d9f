import { kafkaConnection, kafkaRule } from '@activity-log/shared/broker/kafka-config.ts'
import { readConfig } from '@activity-log/shared/config.ts'
import { openLog } from '@activity-log/shared/http/open-log.ts'
import { run } from '@activity-log/shared/http/run.ts'
import { listen, untilTerminated } from '@activity-log/shared/http/serve.ts'
import { Config } from './config.ts'
import { openDeliveryToken } from './delivery-token.ts'
import { createHealth } from './health.ts'
import { openKafkaSource } from './source.ts'

/** Runs the stand-in for KafkaSource. functions/kafka-source/README.md says how it delivers, and where it differs. */
async function main() {
  const config = readConfig(Config, process.env, kafkaRule)
  const log = openLog('kafka-source', config.LOG_LEVEL)
  // kafkajs leaves some errors of lost connections unhandled; the source itself notices a dead consumer
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'unhandled rejection'))
  const { DELIVERY_TOKEN_FILE: tokenFile } = config
  const token = tokenFile === undefined ? undefined : await openDeliveryToken(tokenFile, log)
  await using opened = new AsyncDisposableStack()
  const source = openKafkaSource({
    connection: kafkaConnection(config),
    topic: config.KAFKA_TOPIC,
    deadLetterTopic: config.KAFKA_DEAD_LETTER_TOPIC,
    group: config.KAFKA_GROUP,
    sinkUrl: config.SINK_URL,
    token,
    log,
  })
  opened.use(source)
  if (config.HEALTH_PORT !== undefined) {
    const health = createHealth({ log, lastSign: source.lastSign })
    opened.use(await listen({ ...health, port: config.HEALTH_PORT, host: config.HOST, log }))
  }
  log.info({ topic: config.KAFKA_TOPIC, sink: config.SINK_URL }, 'delivering')
  const signal = await Promise.race([untilTerminated(), source.misconfigured])
  log.info({ signal }, 'stopping after the deliveries in flight')
}

// kafkajs may continue with attempts whose result no longer matters
run(() => main().then(() => process.exit(0)))

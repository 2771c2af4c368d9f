import { kafkaConnection, kafkaRule } from '@activity-log/shared/broker/kafka-config.ts'
import { readConfig } from '@activity-log/shared/config.ts'
import { openLog } from '@activity-log/shared/http/open-log.ts'
import { run } from '@activity-log/shared/http/run.ts'
import { untilTerminated } from '@activity-log/shared/http/serve.ts'
import { Config } from './config.ts'
import { openKafkaSource } from './source.ts'

/**
 * The stand-in for Knative's KafkaSource, where there is no Knative: it takes the records of a topic and POSTs each as a
 * CloudEvent to SINK_URL. What it makes of a record, which answers it retries and when, how many are under way and what it
 * commits follows what the real one was seen to do; the two were not run side by side. It is meant to differ in this:
 *
 * - Dead letters go to a topic directly, as the KafkaSink that the real one POSTs them to would write them. One that cannot
 *   be written is tried again until it can; the real one gives the event up, as it does one that HTTP cannot carry.
 * - A stop waits for requests under way and commits; the real one aborts them and commits nothing. Both deliver again after
 *   a crash what was not committed.
 * - A partition that stays after a rebalance goes on where it was; the real one starts again at the commit. Partitions are
 *   shared out round robin, not sticky.
 * - A `kne-` header whose name no CloudEvent extension may have is dropped; the real one stops for ever.
 * - 303 is a failure like any other redirect; the real one follows it.
 * - A request without a body has `content-length: 0`; there is no `user-agent`, and headers come in another order.
 * - No `ordering: ordered`, `initialOffset: latest`, ceOverrides, key-type label, OIDC, or CloudEvents formats other than
 *   JSON.
 */
async function main() {
  const config = readConfig(Config, process.env, kafkaRule)
  const log = openLog('kafka-source', config.LOG_LEVEL)
  // kafkajs leaves some errors of lost connections to nobody; the source notices by itself when its consumer is dead
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'an error reached nobody'))
  await using source = openKafkaSource({
    connection: kafkaConnection(config),
    topic: config.KAFKA_TOPIC,
    deadLetterTopic: config.KAFKA_DEAD_LETTER_TOPIC,
    group: config.KAFKA_GROUP,
    sinkUrl: config.SINK_URL,
    log,
  })
  log.info({ topic: config.KAFKA_TOPIC, sink: config.SINK_URL }, 'delivering')
  const signal = await Promise.race([untilTerminated(), source.misconfigured])
  log.info({ signal }, 'stopping: what is under way is finished first')
}

// kafkajs may go on with attempts that nobody waits for
run(() => main().then(() => process.exit(0)))

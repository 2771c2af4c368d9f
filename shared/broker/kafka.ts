import type { Log } from '../log.ts'
import type { Broker } from './broker.ts'
import type { KafkaConnection } from './kafka-config.ts'

export type KafkaBrokerOptions = { connection: KafkaConnection; topic: string; log: Log }

/** The broker, and what it learns of its configuration only from Kafka. */
export interface KafkaBroker extends Broker {
  /** Rejects with ConfigError when Kafka has no such topic, or refuses the credentials. Never resolves. */
  misconfigured: Promise<never>
}

export function openKafkaBroker(_options: KafkaBrokerOptions): KafkaBroker {
  throw new Error('still to be written')
}

import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { ConfigError, readConfig } from '../config.ts'
import { aRecord, silent } from '../testing/builders.ts'
import { openKafkaBroker } from './kafka.ts'
import { kafkaConnection, kafkaEntries, kafkaRule } from './kafka-config.ts'

/** A Kafka that requires a name and a password over TLS, configured by SECURE_KAFKA_BROKERS and so on. */
const secure = Object.fromEntries(
  ['BROKERS', 'TOPIC', 'USERNAME', 'PASSWORD', 'TLS_CA'].map((name) => [
    `KAFKA_${name}`,
    process.env[`SECURE_KAFKA_${name}`],
  ]),
)

function open(changes: { [name: string]: string | undefined }) {
  const environment = { KAFKA_SASL_MECHANISM: 'PLAIN', KAFKA_TLS: 'true', ...secure, ...changes }
  const config = readConfig(v.object(kafkaEntries), environment, kafkaRule)
  const warnings: { err?: Error }[] = []
  const log = { ...silent, warn: (fields: object) => warnings.push(fields) }
  const broker = openKafkaBroker({ connection: kafkaConnection(config), topic: config.KAFKA_TOPIC, log })
  return Object.assign(broker, { warnings })
}

describe.skipIf(!secure['KAFKA_BROKERS'])('a Kafka with credentials and TLS (SECURE_KAFKA_BROKERS)', () => {
  test.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])('is available with %s', async (mechanism) => {
    await using broker = open({ KAFKA_SASL_MECHANISM: mechanism })
    expect(await broker.publish([aRecord()])).toHaveLength(1)
  })

  test.each<[string, { [name: string]: string }]>([
    ['a wrong password', { KAFKA_PASSWORD: 'looking-glass' }],
    ['a wrong password', { KAFKA_PASSWORD: 'looking-glass', KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512' }],
    ['an unknown user', { KAFKA_USERNAME: 'bob', KAFKA_SASL_MECHANISM: 'SCRAM-SHA-256' }],
  ])('%s is a configuration error, reported without the password: %j', async (_what, changes) => {
    await using broker = open(changes)
    const mistake = await broker.misconfigured.catch((error: unknown) => error)
    expect(mistake).toBeInstanceOf(ConfigError)
    expect(String(mistake)).toContain('KAFKA_USERNAME and KAFKA_PASSWORD are rejected')
    expect(String(mistake)).not.toContain('looking-glass')
    await expect(broker.publish([aRecord()])).rejects.toThrow()
  })

  test.each<[string, { [name: string]: string | undefined }]>([
    ['an authority that is not trusted', { KAFKA_TLS_CA: undefined }],
    ['no TLS on a port that requires it', { KAFKA_TLS: undefined, KAFKA_TLS_CA: undefined }],
  ])('%s is logged and publishes nothing', async (_what, changes) => {
    await using broker = open(changes)
    await expect(broker.publish([aRecord()])).rejects.toThrow()
    expect(broker.warnings[0]).toHaveProperty('brokers', [secure['KAFKA_BROKERS']])
  })
})

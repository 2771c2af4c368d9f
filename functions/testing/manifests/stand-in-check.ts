import { Config } from '@activity-log/kafka-source/config.ts'
import { kafkaDefaults, kafkaRule } from '@activity-log/shared/broker/kafka-config.ts'
import { readConfig } from '@activity-log/shared/config.ts'
import * as v from 'valibot'
import { all, type Check, Container, differs, environmentOf, healthPath } from './checks.ts'

const Deployment = v.object({
  metadata: v.object({ name: v.string() }),
  spec: v.object({
    template: v.object({ spec: v.object({ containers: v.tuple([v.looseObject(Container.entries)]) }) }),
  }),
})

const persist = 'http://persist.activity-log.svc.cluster.local'
const wanted = {
  'kafka-source': { topic: kafkaDefaults.topic, group: kafkaDefaults.group, sink: persist },
  'dead-letter-source': {
    topic: kafkaDefaults.deadLetterTopic,
    group: `${kafkaDefaults.group}-dead-letters`,
    sink: `${persist}/undelivered`,
  },
}

/** Without KafkaSource and KafkaSink, the stand-ins deliver what these would, and are asked whether they are stuck. */
export const standInsReplaceTheSources: Check = (manifests) => {
  const others = manifests.filter(({ kind }) => kind === 'KafkaSource' || kind === 'KafkaSink')
  const found = all(manifests, 'Deployment', Deployment).map(({ metadata: { name }, spec }) => {
    const [container] = spec.template.spec.containers
    const config = readConfig(Config, environmentOf(container, manifests), kafkaRule)
    const { KAFKA_TOPIC: topic, KAFKA_GROUP: group, SINK_URL: sink } = config
    const isAsked = JSON.stringify(container.livenessProbe ?? null).includes(`"path":"${healthPath}","port":"health"`)
    return { name, delivers: { topic, group, sink }, isAsked: isAsked && config.HEALTH_PORT === 8090 }
  })
  return [
    ...others.map(({ kind, metadata }) => `${kind} ${metadata.name} is there, too`),
    ...Object.entries(wanted).flatMap(([name, delivers]) =>
      differs(
        name,
        found.find((each) => each.name === name),
        { name, delivers, isAsked: true },
      ),
    ),
  ]
}

import type { EventRecord } from '@activity-log/shared/activity-recorded.ts'
import { deliveryPolicy } from '@activity-log/shared/dispatch/delivery.ts'
import { createDeliveries } from './deliveries.ts'
import type { Deployment } from './deployment.ts'
import { createGroup } from './group.ts'
import { type Dispatcher, startKafkaDispatcher } from './kafka-dispatcher.ts'
import { createLife, type Life } from './life.ts'
import type { Server } from './network.ts'
import { type Setting, sendTo, startIngest, startPersist, startQuery } from './simulated-processes.ts'
import { createTopic, type Topic } from './topic.ts'

/** ingest, Kafka, one or two stand-ins for KafkaSource, another one for dead letters, persist, the store and query. */
export function createKafkaDeployment(setting: Setting): Deployment {
  const { world, policy } = setting
  const { random, rates, after, note, violate, now } = world
  const activities = createTopic('activities', random.between(1, 4))
  const deadLetters = createTopic('activities-dead-letter', random.between(1, 2))
  const deliveries = createDeliveries()
  const deadLetterDeliveries = createDeliveries()
  const group = groupOf('persist', activities, deliveries)
  const groupOfDeadLetters = groupOf('dead-letters', deadLetters, deadLetterDeliveries)
  let started = 0
  const life = (kind: string) => createLife(`${kind}-${++started}`)

  const ingest: Server[] = []
  const persist: Server[] = []
  const query: Server[] = [startQuery(setting, life('query'))]
  const dispatchers: Dispatcher[] = []
  const dispatchersOfDeadLetters: Dispatcher[] = []
  const max = { ingest: random.between(1, 2), persist: random.between(1, 3), dispatchers: 1 }

  function groupOf(name: string, topic: Topic, { hasOutcome }: typeof deliveries) {
    let checked: number[] = []
    function onCommit(partition: number, offset: number) {
      const from = checked[partition] ?? 0
      for (const record of topic.read(partition, from, offset - from)?.records ?? []) {
        if (!hasOutcome(record))
          violate(`${name} commits ${partition}/${offset} past ${record.offset}, which has no outcome`)
      }
      checked = Object.assign([...checked], { [partition]: Math.max(from, offset) })
    }
    return createGroup(world, { name, partitions: topic.partitions, onCommit })
  }

  async function append(records: readonly EventRecord[]) {
    const partition = random.between(0, activities.partitions - 1)
    if (random.chance(0.1)) activities.skip(partition)
    const positions = activities.append(
      records.map(({ headers, value }) => ({ headers, value: Buffer.from(value) })),
      partition,
    )
    note(`${records.length} records appended at ${partition}/${positions[0]?.offset}`)
    return positions
  }

  function startDispatcher(): Dispatcher {
    const own = life('dispatcher')
    const send = sendTo(setting, { life: own, to: persist, path: '/', deliveries })
    return startKafkaDispatcher(setting, { life: own, topic: activities, group, deliveries, deadLetters, send, policy })
  }
  function startDispatcherOfDeadLetters(): Dispatcher {
    const own = life('dead-letter-dispatcher')
    const of = { life: own, topic: deadLetters, group: groupOfDeadLetters, deliveries: deadLetterDeliveries }
    const send = sendTo(setting, { life: own, to: persist, path: '/undelivered', deliveries: deadLetterDeliveries })
    return startKafkaDispatcher(setting, { ...of, send, deadLetters: undefined, policy: deliveryPolicy })
  }

  const running = <Process extends { life: Life }>(processes: readonly Process[]) =>
    processes.filter((process) => !process.life.isOver())

  function fill<Process extends { life: Life }>(processes: Process[], count: number, start: () => Process) {
    while (running(processes).length < count) processes.push(start())
  }
  function restore() {
    fill(ingest, max.ingest, () => startIngest(setting, life('ingest'), append))
    fill(persist, max.persist, () => startPersist(setting, life('persist')))
    fill(dispatchers, max.dispatchers, startDispatcher)
    fill(dispatchersOfDeadLetters, 1, startDispatcherOfDeadLetters)
  }
  restore()

  function injectFault() {
    if (random.chance(rates.crash)) {
      const kinds: readonly (readonly { life: Life }[])[] = [ingest, persist, dispatchers, dispatchersOfDeadLetters]
      const [victim] = running(random.pick(kinds))
      victim?.life.end()
      if (victim) note(`${victim.life.name} is killed`)
      void after(random.between(0, 15_000)).then(restore)
    }
    if (random.chance(rates.rebalance)) {
      const [first] = running(dispatchers)
      const stays = random.chance(0.5)
      max.dispatchers = random.between(1, 2)
      note(`dispatchers wanted: ${max.dispatchers}${stays ? '' : `, without ${first?.life.name}`}`)
      if (!stays) void first?.stop().then(restore)
      restore()
    }
    if (random.chance(rates.partition)) {
      for (const { link } of running(dispatchers)) {
        if (random.chance(0.5)) link.closedUntil = now() + random.between(1000, 20_000)
      }
    }
  }

  const stateOf = (topic: Topic, { committed }: typeof group) =>
    Array.from({ length: topic.partitions }, (_, n) => `${topic.name} ${n} ${committed(n)}/${topic.end(n)}`).join(', ')
  const isRead = (topic: Topic, { committed }: typeof group) =>
    Array.from({ length: topic.partitions }, (_, number) => number).every((n) => committed(n) === topic.end(n))

  return {
    ingest,
    persist,
    query,
    deliveries,
    injectFault,
    restore,
    isSettled: () => isRead(activities, group) && isRead(deadLetters, groupOfDeadLetters),
    state: () => `${stateOf(activities, group)}, ${stateOf(deadLetters, groupOfDeadLetters)}`,
    records: activities.all,
    undelivered: () =>
      deadLetters.all().map(({ headers, value }) => ({
        position: {
          partition: Number(headers['ce_knativekafkapartition']),
          offset: Number(headers['ce_knativekafkaoffset']),
        },
        body: value,
      })),
    deadLetterRecords: deadLetters.all,
    injectRecord: (record) => void activities.append([record], random.between(0, activities.partitions - 1)),
  }
}

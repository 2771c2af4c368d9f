import type { EventRecord } from '@activity-log/shared/activity-recorded.ts'
import type { EmbeddedBroker, Queue } from '@activity-log/shared/broker/embedded-broker.ts'
import { deliveryPolicy } from '@activity-log/shared/dispatch/delivery.ts'
import { maxAtOnce, startDispatcher } from '@activity-log/shared/dispatch/embedded-dispatcher.ts'
import type { Position } from '@activity-log/shared/receipt.ts'
import type { Deliveries } from './deliveries.ts'
import type { Life } from './life.ts'
import { countingUnderWay, type Setting, startIngest, startPersist, startQuery } from './simulated-processes.ts'

export type EmbeddedOptions = {
  life: Life
  /** The contents of the disk outlive the process. */
  broker: EmbeddedBroker
  deliveries: Deliveries
  deadLetterDeliveries: Deliveries
  append: (records: readonly EventRecord[]) => Promise<readonly Position[]>
}

/** The whole log in one process: it lives and dies as a unit. */
export function startEmbedded(setting: Setting, options: EmbeddedOptions) {
  const { life, broker, deliveries, deadLetterDeliveries, append } = options
  const { world, network, log, policy, without } = setting
  const persist = startPersist(setting, life)
  const ingest = startIngest(setting, life, append)
  const query = startQuery(setting, life)
  const settleEveryMs = world.random.pick([1, 1000])

  const sendTo = (path: string, { answered }: Deliveries) => ({
    sinkUrl: `http://persist${path}`,
    send: countingUnderWay(setting, life, maxAtOnce, async ({ headers, body }) => {
      const position = { partition: 0, offset: Number(headers['ce-knativekafkaoffset']) }
      const answer = await life.ask(() => network.serve(persist, { method: 'POST', path, headers, body }))
      answered(position, answer.status)
      return { ...answer, body: Buffer.from(answer.body) }
    }),
  })
  startDispatcher({
    queue: ownQueue(broker, deliveries),
    deadLetter(record, headers) {
      if (life.isOver()) return
      mayFail()
      world.note(`${life.name} dead-letters ${record.position.offset}`)
      deliveries.deadLettered(record.position)
      broker.deadLetter(record, headers)
    },
    ...sendTo('/', deliveries),
    policy,
    log,
    settleEveryMs,
  })
  const queue = ownQueue(broker.deadLetters, deadLetterDeliveries)
  startDispatcher({
    queue,
    ...sendTo('/undelivered', deadLetterDeliveries),
    policy: deliveryPolicy,
    log,
    settleEveryMs,
  })
  return { ingest, persist, query }

  function mayFail() {
    if (world.random.chance(world.rates.failedWrite)) throw new Error('the disk fails')
  }

  /** The queue as the dispatchers of one process see it: its disk may fail, and it is gone when the process ends. */
  function ownQueue(queue: Queue, { hasOutcome }: Deliveries): Queue {
    return {
      read(fromOffset, limit) {
        if (life.isOver()) return []
        mayFail()
        const records = queue.read(fromOffset, limit)
        if (without === 'commit after outcome') queue.settle(records.map(({ position }) => position.offset))
        return records
      },
      settle(offsets) {
        if (life.isOver()) return
        mayFail()
        world.note(`${life.name} settles ${offsets}`)
        for (const offset of offsets) {
          if (!hasOutcome({ partition: 0, offset })) world.violate(`0/${offset} was settled without an outcome`)
        }
        queue.settle(offsets)
      },
      onPublished(listener) {
        queue.onPublished((published) => {
          if (life.isOver()) return
          if (without === 'commit after outcome') queue.settle((published ?? []).map(({ position }) => position.offset))
          listener(published)
        })
      },
    }
  }
}

import { type EmbeddedBroker, openEmbeddedBroker } from '@activity-log/shared/broker/embedded-broker.ts'
import type { Position } from '@activity-log/shared/receipt.ts'
import { createDeliveries } from './deliveries.ts'
import type { Deployment } from './deployment.ts'
import { startEmbedded } from './embedded-process.ts'
import { createLife } from './life.ts'
import type { Server } from './network.ts'
import type { Setting } from './simulated-processes.ts'
import type { AppendedRecord } from './topic.ts'

/** The whole log in one process, over the queue in SQLite. */
export function createEmbeddedDeployment(setting: Setting): Deployment {
  const { random, rates, after, note } = setting.world
  const file = openEmbeddedBroker({ path: ':memory:' })
  const deliveries = createDeliveries()
  const deadLetterDeliveries = createDeliveries()
  const undelivered: { position: Position; body: Uint8Array }[] = []
  const broker: EmbeddedBroker = {
    ...file,
    deadLetter(record, headers) {
      file.deadLetter(record, headers)
      undelivered.push({ position: record.position, body: record.value })
    },
  }
  const records: AppendedRecord[] = []
  const ingest: Server[] = []
  const persist: Server[] = []
  const query: Server[] = []
  let started = 0

  async function append(appended: readonly { headers: AppendedRecord['headers']; value: string }[]) {
    const positions = await file.publish(appended)
    positions.forEach((position, index) => {
      const { headers = {}, value = '' } = appended[index] ?? {}
      records.push({ ...position, headers, value: Buffer.from(value) })
    })
    note(`${appended.length} records appended at ${positions[0]?.offset}`)
    return positions
  }

  function restore() {
    if (ingest.some(({ life }) => !life.isOver())) return
    const process = startEmbedded(setting, {
      life: createLife(`log-${++started}`),
      broker,
      deliveries,
      deadLetterDeliveries,
      append,
    })
    ingest.push(process.ingest)
    persist.push(process.persist)
    query.push(process.query)
  }
  restore()

  return {
    ingest,
    persist,
    query,
    deliveries,
    injectFault() {
      if (!random.chance(rates.crash)) return
      const life = ingest.at(-1)?.life
      life?.end()
      note(`${life?.name} is killed`)
      void after(random.between(0, 5000)).then(restore)
    },
    restore,
    isSettled: () => file.read(0, 1).length === 0 && file.deadLetters.read(0, 1).length === 0,
    state: () => `the first that remains: ${[...file.read(0, 1), ...file.deadLetters.read(0, 1)][0]?.position.offset}`,
    records: () => records,
    undelivered: () => undelivered,
    deadLetterRecords: () => undelivered.map((_, index) => ({ partition: 0, offset: index + 1 })),
    injectRecord: ({ headers, value }) => void append([{ headers, value: Buffer.from(value ?? []).toString() }]),
  }
}

import { hash } from 'node:crypto'
import { type DeliveryPolicy, deliveryPolicy } from '@activity-log/shared/dispatch/delivery.ts'
import { sinkRequest } from '@activity-log/shared/dispatch/sink-request.ts'
import type { FoundActivity } from '@activity-log/shared/document.ts'
import { readReceipt, toReceipt } from '@activity-log/shared/receipt.ts'
import { StoreUnavailable } from '@activity-log/shared/store/store.ts'
import { deadLettersOf, silent } from '@activity-log/shared/testing/builders.ts'
import { openMemoryStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { check } from './check.ts'
import { isMissing, nameOf, type Told } from './check-ledger.ts'
import { createClients } from './clients.ts'
import type { Deployment } from './deployment.ts'
import { createEmbeddedDeployment } from './embedded-deployment.ts'
import { createKafkaDeployment } from './kafka-deployment.ts'
import { memoryStore } from './memory-store.ts'
import { createNetwork, type Server } from './network.ts'
import { brokerTimeoutMs } from './simulated-broker.ts'
import type { Safeguard, Setting } from './simulated-processes.ts'
import { poison } from './unusual-records.ts'
import { virtualTime } from './virtual-time.ts'
import { createWorld, endFaults } from './world.ts'

export type Simulated = { seed: number; violations: readonly string[]; trace: readonly string[]; hash: string }
export type SimulateOptions = { without?: Safeguard; say?: (line: string) => void }

/** A run that fires this many timers would never end: no other run has needed as many. */
const maxSteps = 300_000
const settleWithinMs = 3_600_000

/** Runs the whole log once; the seed makes every random choice. */
export async function simulate(seed: number, { without, say }: SimulateOptions = {}): Promise<Simulated> {
  using time = virtualTime()
  const world = createWorld(seed, time, say)
  const { random } = world
  const isEmbedded = random.chance(0.25)
  const policy = randomPolicy()
  const setting: Setting = {
    world,
    network: createNetwork(world),
    log: silent,
    store:
      random.chance(0.3) && without !== 'dedupe by id'
        ? openMemoryStore()
        : memoryStore({ isUnique: without !== 'dedupe by id', betweenWrites }),
    without,
    policy: without === 'retry on 5xx' ? { ...policy, retry: 0 } : policy,
  }

  function betweenWrites() {
    if (random.chance(world.rates.partialWrite / 4)) throw new StoreUnavailable('a part was written')
  }

  /** Most policies give up after a day, some soon. */
  function randomPolicy(): DeliveryPolicy {
    if (random.chance(0.7)) return { ...deliveryPolicy, timeoutMs: random.pick([15_000, 60_000]) }
    return { retry: 2, backoffPolicy: 'exponential', backoffDelayMs: 200, timeoutMs: 13_000 }
  }

  let isOver = false
  const deployment = isEmbedded ? createEmbeddedDeployment(setting) : createKafkaDeployment(setting)
  const ended = run(setting, deployment, policy.retry + 1)
    .catch((error) => world.violate(`the simulation failed: ${error.stack}`))
    .finally(() => {
      isOver = true
    })
  await time.settle()
  for (let steps = 0; !isOver; steps++) {
    if (steps === maxSteps) {
      world.violate(`did not end after ${steps} steps`)
      break
    }
    await time.step()
  }
  if (isOver) await ended
  const { violations, trace } = world
  return { seed, violations, trace, hash: hash('sha256', trace.join('\n'), 'hex') }
}

async function run(setting: Setting, deployment: Deployment, maxAttempts: number): Promise<void> {
  const { world, network, store } = setting
  const { random, rates, after, now, note, violate } = world
  note(JSON.stringify(rates))
  const clients = createClients(world, network, deployment)
  const faultsMs = random.between(2000, 20_000)
  const posting = Array.from({ length: random.between(1, 3) }, () => clients.run(random.between(3, 20), faultsMs))
  // a burst exceeds what a dispatcher has in flight, and in rare cases also what one group commit holds
  if (random.chance(0.03)) posting.push(clients.burst(random.chance(0.1) ? 600 : 120))
  const isStormy = () => now() < faultsMs

  async function trouble() {
    while (isStormy()) {
      await after(random.between(100, 2000))
      deployment.injectFault()
      if (random.chance(0.1)) deployment.injectRecord(random.pick(poison))
      await lookAtLedger()
      if (random.chance(0.5)) await look().catch((error) => note((error as Error).message))
    }
  }

  /** A page may lack only activities that are still in flight. */
  async function look() {
    const { status, body } = await ask('/logs?limit=1000')
    if (status !== 200) return
    const { data } = JSON.parse(body) as { data: FoundActivity[] }
    if (new Set(data.map(({ id }) => id)).size < data.length) violate('a page lists an activity twice')
  }

  /** No activity is missing that was acknowledged before the time through which the ledger is complete. */
  async function lookAtLedger() {
    const ledger = await store.ledger()
    const { completeThrough } = ledger
    if (!completeThrough) return
    for (const { marker, attempts } of clients.intents) {
      for (const { result, receipt } of attempts) {
        const named = result === 'accepted' ? readReceipt(receipt ?? '') : ''
        if (typeof named === 'string' || named.recordedAt >= completeThrough) continue
        if (isMissing(ledger, named.position)) violate(`${marker} is missing before ${completeThrough.toISOString()}`)
      }
    }
  }

  void trouble()
  await after(faultsMs)
  network.checkDeadlines()
  endFaults(rates)
  deployment.restore()
  note('calm')
  await Promise.all(posting)
  // late writes have to arrive before anything counts as settled
  await after(brokerTimeoutMs + 5000)
  while (!deployment.isSettled()) {
    if (now() > faultsMs + settleWithinMs) return violate(`did not settle: ${deployment.state()}`)
    await after(1000)
  }
  await after(15_000)
  network.checkDeadlines()

  await checkAll()
  const before = await everything()
  await redeliver()
  const afterwards = await everything()
  if (afterwards !== before) {
    note(before)
    note(afterwards)
    violate('a redelivery changed something')
  }

  async function checkAll() {
    check(
      {
        intents: clients.intents,
        found: await foundByQuery(),
        deadLetters: await deadLettersOf(store),
        undelivered: deployment.undelivered(),
        deadLetterRecords: deployment.deadLetterRecords(),
        records: deployment.records(),
        told: await toldOfAll(),
        ledger: JSON.parse((await ask('/ledger')).body),
        deliveries: deployment.deliveries,
        maxAttempts,
      },
      violate,
    )
  }

  function ask(path: string) {
    return network.serve(running(deployment.query), { method: 'GET', path })
  }

  async function toldOfAll(): Promise<Told> {
    const told = new Map<string, { status: string; id?: string }>()
    for (const position of deployment.records()) {
      const recordedAt = new Date(position.headers['ce_recordedtime'] ?? 0)
      // the function answers from the store, so asking it now and then is enough
      if (random.chance(0.2)) {
        const answer = await ask(`/receipts/${toReceipt({ position, recordedAt })}`)
        told.set(nameOf(position), JSON.parse(answer.body))
      } else {
        const { outcome: status = 'pending', activityId: id } = (await store.outcome({ position, recordedAt })) ?? {}
        told.set(nameOf(position), { status, ...(id !== undefined && { id }) })
      }
    }
    return told
  }

  async function foundByQuery(): Promise<FoundActivity[]> {
    const found: FoundActivity[] = []
    const limit = random.pick([10, 1000])
    for (let path: string | null = `/logs?count=none&limit=${limit}`; path !== null; ) {
      const { body } = await ask(path)
      const page = JSON.parse(body) as { data: FoundActivity[]; next: string | null }
      found.push(...page.data)
      path = page.next
    }
    return found
  }

  /** Everything that redeliveries must not change. */
  async function everything(): Promise<string> {
    const deadLetters = await deadLettersOf(store)
    const kept = deadLetters.map(({ attempts: _attempts, lastAt: _lastAt, ...deadLetter }) => deadLetter)
    return JSON.stringify([await foundByQuery(), kept])
  }

  async function redeliver() {
    const source = { namespace: 'local', name: 'again', topic: 'activities' }
    // the records that were given up have not been delivered yet
    const givenUp = new Set(deployment.undelivered().map(({ position }) => nameOf(position)))
    const records = deployment.records().filter((record) => !givenUp.has(nameOf(record)) && random.chance(0.4))
    await Promise.all(
      records.map((record) => {
        const { headers, body } = sinkRequest(record, source)
        return network.serve(running(deployment.persist), { method: 'POST', path: '/', headers, body })
      }),
    )
  }
}

function running(servers: readonly Server[]): Server {
  const server = servers.findLast(({ life }) => !life.isOver())
  if (!server) throw new Error('no server runs')
  return server
}

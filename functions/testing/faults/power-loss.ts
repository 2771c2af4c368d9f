import { spawnSync } from 'node:child_process'
import { createReadStream, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { openEmbedded } from '@activity-log/local/embedded-log.ts'
import { DataError } from '@activity-log/local/folder-file.ts'
import type { SentActivity } from '@activity-log/shared/activity.ts'
import { post, silent, until } from '@activity-log/shared/testing/builders.ts'
import { aFolder, startCommand, written } from '@activity-log/shared/testing/processes.ts'
import packageJson from '../../../package.json' with { type: 'json' }
import { type Random, randomFrom } from '../seeded-random.ts'
import { type DiskEvent, diskAfter, readTraced, tracedCalls } from './disk-image.ts'
import { type Ask, delivered, integrityOf, judge, listed, type Verdict } from './durability-check.ts'
import { withFaults } from './preload.ts'

export type PowerLossOptions = {
  seed: string
  activities: number
  /** The length of the random text in the metadata of each activity. */
  bytes: number
  instants: number
  mutant?: string
  onProgress?: (done: number) => void
}
export type PowerLoss = Verdict & { instants: number; acknowledged: number; syncs: number; damaged: readonly string[] }

export const hasStrace = () => spawnSync('strace', ['--version']).status === 0

const userId = 'durability'

/**
 * Runs the log as npm start does, under strace, and cuts its power at random instants: writes after the last sync of a
 * file are lost, or some of them are. A log that opens what the disk then holds has to have every activity that was
 * acknowledged before that instant.
 */
export async function powerLoss(options: PowerLossOptions): Promise<PowerLoss> {
  const random = randomFrom(options.seed)
  const activities = Array.from({ length: options.activities }, (_, n) => anActivityOf(n, options.bytes, random))
  const events = await traced(activities, random, options.mutant)
  const acknowledged = activities.map(({ id }) => events.findIndex((event) => isAcknowledgement(event, id as string)))
  const total: PowerLoss = {
    lost: [],
    twice: [],
    changed: [],
    damaged: [],
    instants: options.instants,
    acknowledged: acknowledged.filter((at) => at >= 0).length,
    syncs: events.filter(({ kind }) => kind === 'sync').length,
  }
  for (let done = 0; done < options.instants; done++) {
    // a power loss can do the most damage right after an answer
    const answer = random.pick(acknowledged.filter((at) => at >= 0))
    const count = random.chance(0.5) ? answer + 1 : random.between(answer + 1, events.length)
    const survivors = random.pick([0, 0, 0.5, 0.9])
    const folder = writeDisk(diskAfter(events, count, () => random.chance(survivors)))
    const sent = new Map(
      activities.map((activity, n) => {
        const at = acknowledged[n] as number
        return [activity.id as string, { activity, acknowledged: at >= 0 && at < count }] as const
      }),
    )
    const verdict = await reopened(folder, sent)
    rmSync(folder, { recursive: true })
    const named = (ids: readonly string[]) => ids.map((id) => `${id} after event ${count}`)
    Object.assign(total, {
      lost: [...total.lost, ...named(verdict.lost)],
      twice: [...total.twice, ...named(verdict.twice)],
      changed: [...total.changed, ...named(verdict.changed)],
      damaged: [...total.damaged, ...named(verdict.damaged)],
    })
    options.onProgress?.(done + 1)
  }
  return total
}

function anActivityOf(n: number, bytes: number, random: Random): SentActivity {
  const text = Array.from({ length: bytes / 8 }, () =>
    random
      .between(0, 2 ** 32 - 1)
      .toString(16)
      .padStart(8, '0'),
  ).join('')
  return {
    id: `power-${n}-`,
    userId,
    action: 'be_remembered',
    timestamp: '2024-01-15T10:00:00Z',
    metadata: { n, text },
  }
}

const isAcknowledgement = (event: DiskEvent, id: string) =>
  event.kind === 'sent' && event.text.includes('HTTP/1.1 202') && event.text.includes(`"${id}"`)

async function traced(activities: readonly SentActivity[], random: Random, mutant?: string): Promise<DiskEvent[]> {
  const folder = aFolder()
  const trace = join(aFolder(), 'trace')
  const [, ...args] = packageJson.scripts.start.split(' ')
  const options = ['-y', '-xx', '-s', '1000000', '-e', `trace=${tracedCalls}`, '-e', 'signal=none', '-o', trace]
  const environment = { PORT: '0', DATA_DIR: folder, LOG_LEVEL: 'warn', ...(mutant && withFaults({ mutant })) }
  {
    await using strace = startCommand('strace', [...options, process.execPath, ...args], environment)
    const origin = await written(strace, /(http:\/\/localhost:\d+)\/logs/)
    const ask = (path: string, init?: RequestInit) => fetch(`${origin}${path}`, init)
    const half = activities.length >> 1
    await postAll(activities.slice(0, half), ask, random)
    await delivered(ask, 'marker')
    // the queue now deletes the delivered records, and the writes below sync the deletion
    await untilSettled(folder)
    await postAll(activities.slice(half), ask, random)
    await delivered(ask, 'another-marker')
    const traces = `/proc/${strace.child.pid}/task/${strace.child.pid}/children`
    for (const pid of readFileSync(traces, 'utf8').trim().split(' ')) process.kill(Number(pid), 'SIGKILL')
    await strace.ended
  }
  const events: DiskEvent[] = []
  for await (const line of createInterface(createReadStream(trace))) {
    const event = readTraced(line)
    if (event) events.push(event)
  }
  for (const made of [folder, dirname(trace)]) rmSync(made, { recursive: true })
  return events
}

async function postAll(activities: readonly SentActivity[], ask: Ask, random: Random) {
  const rest = [...activities]
  const client = async () => {
    while (rest.length > 0) {
      const response = await ask('/logs', post(rest.splice(0, random.between(1, 4))))
      if (response.status !== 202) throw new Error(`POST /logs was answered ${response.status}`)
      await response.arrayBuffer()
    }
  }
  await Promise.all(Array.from({ length: 4 }, client))
}

async function untilSettled(folder: string) {
  using queue = new DatabaseSync(join(folder, 'queue.db'), { readOnly: true })
  const left = queue.prepare('SELECT count(*) AS n FROM records')
  await until(() => left.get()?.['n'] === 0)
}

function writeDisk(files: ReadonlyMap<string, Buffer>): string {
  const folder = aFolder()
  for (const [name, bytes] of files) writeFileSync(join(folder, basename(name)), bytes)
  return folder
}

async function reopened(
  folder: string,
  sent: Parameters<typeof judge>[0],
): Promise<Verdict & { damaged: readonly string[] }> {
  await using log = await openEmbedded({ folder, log: silent }).catch((error) => {
    if (error instanceof DataError) return undefined
    throw error
  })
  // the log does not open with a queue that lost records which the store has
  if (!log) return { ...judge(sent, new Map()), damaged: [] }
  const ask = async (path: string, init?: RequestInit) => log.fetch(new Request(`http://localhost${path}`, init))
  await delivered(ask, 'marker-after')
  const found = await listed(ask, userId)
  const damaged = Object.values(integrityOf(folder)).filter((said) => said !== 'ok')
  return { ...judge(sent, found), damaged }
}

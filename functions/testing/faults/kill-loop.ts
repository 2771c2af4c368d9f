import { rmSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import type { SentActivity } from '@activity-log/shared/activity.ts'
import { type Answer, post } from '@activity-log/shared/testing/builders.ts'
import { aFolder, startLog } from '@activity-log/shared/testing/processes.ts'
import { type Random, randomFrom } from '../seeded-random.ts'
import { delivered, integrityOf, judge, listed, type Verdict } from './durability-check.ts'
import { withFaults } from './preload.ts'

export type KillLoopOptions = {
  seed: string
  kills: number
  activities: number
  mutant?: string
  onProgress?: (kills: number, acknowledged: number) => void
}
export type KillLoop = Verdict & {
  kills: number
  acknowledged: number
  unknown: number
  damaged: readonly string[]
  /** Gaps in the final ledger. */
  missing: readonly string[]
}

const userId = 'durability'
const clients = 4
const maxInPost = 20

type Sent = Map<string, { activity: SentActivity; acknowledged: boolean }>

/**
 * Kills the log again and again while clients post to it. In the end each acknowledged activity has to be there once.
 */
export async function killLoop({ seed, kills, activities, mutant, onProgress }: KillLoopOptions): Promise<KillLoop> {
  const random = randomFrom(seed)
  const folder = aFolder()
  const env = { LOG_LEVEL: 'warn', ...(mutant && withFaults({ mutant })) }
  const sent: Sent = new Map()
  const damaged: string[] = []
  let acknowledged = 0
  const load = aLoad(sent, random, () => acknowledged++)

  for (let kill = 0; kill < kills; kill++) {
    {
      await using log = await startLog(folder, env)
      const stop = new AbortController()
      const share = acknowledged + random.between(0, Math.ceil((2 * (activities - acknowledged)) / (kills - kill)))
      const posting = Promise.all(Array.from({ length: clients }, () => load.post(log.origin, stop.signal)))
      await Promise.race([load.until(() => acknowledged >= share), log.ended])
      await wait(random.between(0, 15))
      log.child.kill('SIGKILL')
      await log.ended
      stop.abort()
      await posting
    }
    const trouble = Object.entries(integrityOf(folder)).filter(([, said]) => said !== 'ok')
    damaged.push(...trouble.map(([file, said]) => `${file} after kill ${kill + 1}: ${said}`))
    onProgress?.(kill + 1, acknowledged)
  }

  await using log = await startLog(folder, env)
  const stop = new AbortController()
  const posting = Promise.all(Array.from({ length: clients }, () => load.post(log.origin, stop.signal)))
  await load.until(() => acknowledged >= activities)
  stop.abort()
  await posting
  const ask = (path: string, init?: RequestInit) => fetch(`${log.origin}${path}`, init)
  await delivered(ask, 'marker')
  const verdict = judge(sent, await listed(ask, userId))
  const missing = await missingIn(ask)
  await log[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
  const unknown = [...sent.values()].filter((one) => !one.acknowledged).length
  return { ...verdict, kills, acknowledged, unknown, damaged, missing }
}

/** Clients post new activities, and send some of those whose outcome is unknown again. */
function aLoad(sent: Sent, random: Random, onAcknowledged: () => void) {
  const unknown: SentActivity[] = []
  let changed = Promise.withResolvers<void>()

  function next(): SentActivity {
    const again = random.chance(0.5) ? unknown.pop() : undefined
    if (again) return again
    const n = sent.size
    const activity = { id: `kill-${n}`, userId, action: 'survive', timestamp: '2024-01-15T10:00:00Z', metadata: { n } }
    sent.set(activity.id, { activity, acknowledged: false })
    return activity
  }

  async function postSome(origin: string, signal: AbortSignal) {
    const some = Array.from({ length: random.between(1, maxInPost) }, next)
    try {
      const response = await fetch(`${origin}/logs`, { ...post(some), signal })
      const { results } = (await response.json()) as Answer
      for (const { id, status } of results) {
        const one = sent.get(id)
        if (status !== 'accepted' || !one) throw new Error(`${id} was answered ${status}`)
        if (!one.acknowledged) onAcknowledged()
        one.acknowledged = true
      }
    } catch (error) {
      unknown.push(...some.filter(({ id }) => !sent.get(id as string)?.acknowledged))
      throw error
    } finally {
      changed.resolve()
      changed = Promise.withResolvers()
    }
  }

  return {
    /** Posts until the log is gone, or the signal aborts. */
    async post(origin: string, signal: AbortSignal) {
      while (!signal.aborted) {
        try {
          await postSome(origin, signal)
        } catch {
          return
        }
      }
    },
    async until(condition: () => boolean) {
      while (!condition()) await changed.promise
    },
  }
}

type LedgerAnswer = { partitions: { first: number; missing: { from: number; to: number }[] }[] }

/** The gaps in the ledger between the first and the last record that it knows. */
async function missingIn(ask: (path: string) => Promise<Response>): Promise<string[]> {
  const { partitions } = (await (await ask('/ledger')).json()) as LedgerAnswer
  return partitions.flatMap(({ first, missing }) =>
    missing.filter(({ from }) => from >= first).map(({ from, to }) => `${from}-${to}`),
  )
}

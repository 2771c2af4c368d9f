import { setTimeout as wait } from 'node:timers/promises'
import type { SentActivity } from '@activity-log/shared/activity.ts'
import type { Random } from '../seeded-random.ts'
import type { History, Outcome } from './history.ts'

/** The load that clients cause. Fractions are relative to the number of activities. */
export type Load = {
  events: number
  seconds: number
  clients: number
  /** The fraction that is sent in requests of up to `batchSize` activities. */
  inBatches: number
  /** The fraction that is invalid and has to be rejected. */
  bad: number
  /** The fraction that clients send again until it is known to be stored. They send the others only once. */
  retried: number
  /** How many clients send the same activity at the same time. */
  copies: number
  /** The fraction for which another client sends other content under the same id at the same time. */
  conflicts: number
  batchSize: number
  metadataBytes: number
}

export const usualLoad: Omit<Load, 'events' | 'seconds'> = {
  clients: 32,
  inBatches: 0.3,
  bad: 0.01,
  retried: 0.8,
  copies: 1,
  conflicts: 0,
  batchSize: 20,
  metadataBytes: 60,
}

type Request = { activities: readonly SentActivity[]; many: boolean; retries: boolean }
/** Requests that several clients send at the same time. */
type Turn = readonly Request[]
type Answered = { outcome: Outcome; receipt?: string; why?: string; unanswered?: true }

/** No answer may take this long. */
const timeoutMs = 15_000
const firstPauseMs = 100
const maxPauseMs = 1000

/** Posts at an even rate, whatever happens. Resolves when nothing more will be sent: `giveUp` ends the retries. */
export async function postAll(
  origin: string,
  load: Load,
  {
    history,
    random,
    giveUp,
    onProgress,
  }: { history: History; random: Random; giveUp: AbortSignal; onProgress: (sent: number) => void },
): Promise<void> {
  const turns = turnsOf(load, random)
  const count = turns.reduce((sum, turn) => sum + sizeOf(turn), 0)
  const startedAt = performance.now()
  let next = 0
  let sent = 0

  async function client() {
    for (;;) {
      const turn = turns[next++]
      if (!turn) return
      const dueIn = startedAt + (sent / count) * load.seconds * 1000 - performance.now()
      sent += sizeOf(turn)
      if (dueIn > 0) await wait(dueIn)
      await Promise.all(turn.map(request))
      onProgress(sent)
    }
  }

  async function request({ activities, many, retries }: Request) {
    let rest = activities
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, maxPauseMs)) {
      const sentAt = rest.map(({ id }) => history.sends(id ?? ''))
      const answers = await post(origin, rest, many)
      rest.forEach((activity, index) => {
        const answered = answers[index] ?? { outcome: 'unknown' }
        history.ended({
          id: activity.id ?? '',
          activity,
          to: 'ingest',
          sentAt: sentAt[index] ?? 0,
          endedAt: history.now(),
          ...answered,
        })
      })
      rest = rest.filter((_activity, index) => (answers[index]?.outcome ?? 'unknown') === 'unknown')
      if (rest.length === 0 || !retries || giveUp.aborted) return
      await wait(pauseMs)
    }
  }

  await Promise.all(Array.from({ length: load.clients }, client))
}

const sizeOf = (turn: Turn) => turn.reduce((sum, { activities }) => sum + activities.length, 0)

/** 4xx: the activity was not stored and never will be. 408 and 429 say nothing about the activity itself. */
const isRejection = (status: number) => status >= 400 && status < 500 && ![408, 429].includes(status)

async function post(origin: string, activities: readonly SentActivity[], many: boolean): Promise<readonly Answered[]> {
  const [first] = activities
  const all = (answered: Answered) => activities.map(() => answered)
  try {
    const response = await fetch(`${origin}/logs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(many ? activities : first),
      signal: AbortSignal.timeout(timeoutMs),
    })
    const { status } = response
    const answer = (await response.json()) as { receipt?: string; results?: { status: string; receipt?: string }[] }
    if (many && answer.results) return answer.results.map(readResult)
    if (status === 202 && answer.receipt !== undefined) return all({ outcome: 'ok', receipt: answer.receipt })
    return all({ outcome: isRejection(status) ? 'rejected' : 'unknown', why: `${status}` })
  } catch (error) {
    const { name, message, cause } = error as Error
    return all({
      outcome: 'unknown',
      unanswered: true,
      why: cause instanceof Error ? cause.message : `${name}: ${message}`,
    })
  }
}

function readResult({ status, receipt }: { status: string; receipt?: string }): Answered {
  if (status === 'accepted' && receipt !== undefined) return { outcome: 'ok', receipt }
  return { outcome: status === 'invalid' ? 'rejected' : 'unknown', why: status }
}

function turnsOf(load: Load, random: Random): Turn[] {
  const { events, inBatches, batchSize, retried, copies, conflicts } = load
  const turns: Turn[] = []
  const run = random.between(0, 2 ** 31).toString(36)
  for (let n = 0; n < events; ) {
    const retries = random.chance(retried)
    const many = random.chance(inBatches / (batchSize / 2 - inBatches * (batchSize / 2 - 1)))
    const size = Math.min(events - n, many ? random.between(1, batchSize) : 1)
    const activities = Array.from({ length: size }, () => anActivity(`${run}-${n++}`, random, load))
    const request = { activities, many, retries }
    const others = random.chance(conflicts) ? [{ ...request, activities: activities.map(otherContent) }] : []
    turns.push([...Array.from({ length: copies }, () => request), ...others])
  }
  return turns
}

function anActivity(id: string, random: Random, { bad, metadataBytes }: Load): SentActivity {
  const at = Date.UTC(2024, 0, 1) + random.between(0, 31_536_000_000)
  return {
    id,
    userId: random.chance(bad) ? ' ' : `user_${random.between(1, 500)}`,
    action: random.pick(['click_button', 'sign_in', 'Größe ändern', 'add_to_cart']),
    // some clients leave the timestamp out
    ...(random.chance(0.9) && { timestamp: new Date(at).toISOString() }),
    metadata: {
      n: random.between(0, 1_000_000),
      text: 'x'.repeat(random.between(metadataBytes / 2, metadataBytes)),
      'a.b$c': [1, null, '☃'],
    },
  }
}

const otherContent = (activity: SentActivity): SentActivity => ({ ...activity, metadata: { other: true } })

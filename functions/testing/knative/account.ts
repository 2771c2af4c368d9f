import { setTimeout as wait } from 'node:timers/promises'
import type { SentActivity } from '@activity-log/shared/activity.ts'
import { isOwn } from '@activity-log/shared/own-name.ts'
import { bearer } from '@activity-log/shared/testing/access.ts'
import { uniqueName } from '@activity-log/shared/testing/servers.ts'
import { eventually } from './cluster.ts'

export type Origins = { ingest: string; query: string }
export type Answered = { status: number; ms: number; at: number; why?: string }

/** Everything that was sent in this run, so that all of it can be asked for at the end of each proof. */
export type Account = {
  /** Posts activities one by one at an even rate until `until` has settled, and again until each has its 202. */
  postEvenly(rate: number, until: Promise<unknown>): Promise<readonly Answered[]>
  /** Posts activities in requests of up to 500. */
  postMany(count: number): Promise<void>
  /** Posts one activity, and resolves with its receipt. */
  postOne(): Promise<string>
  /** The number of activities sent so far. */
  count(): number
  /** Notes an activity that was sent in another way. */
  note(activity: SentActivity): void
  /** Waits until the ledger is complete, then compares the log with what was sent. */
  audit(): Promise<Audit>
}
export type Audit = { sent: number; found: number; problems: readonly string[]; settledMs: number }

const timeoutMs = 30_000
const perRequest = 500

/** Where the log asks for keys: that of the tenant whose account this is, and one of an operator for the ledger. */
export type AccountKeys = { own: string; operator: string }

export function openAccount({ ingest, query }: Origins, positions: () => Promise<number>, keys?: AccountKeys): Account {
  const [own, operator] = [keys?.own, keys?.operator].map((key) => (key === undefined ? {} : bearer(key)))
  const lines = new Map<string, string>()
  const run = uniqueName('k')

  function anActivity(): SentActivity & { id: string } {
    const n = lines.size
    const at = Date.UTC(2024, 0, 1) + Math.floor(Math.random() * 31_536_000_000)
    const activity = {
      id: `${run}-${n}`,
      userId: `user_${n % 97}`,
      action: ['click_button', 'sign_in', 'Größe ändern', 'add_to_cart'][n % 4] ?? '',
      timestamp: new Date(at).toISOString(),
      metadata: { n, text: '☃'.repeat(n % 7), 'a.b$c': [1, null, { at }] },
    }
    lines.set(activity.id, JSON.stringify(activity))
    return activity
  }

  async function post(body: string): Promise<Answered & { text?: string }> {
    const began = performance.now()
    const answered = (status: number, why?: string) => ({
      status,
      ms: performance.now() - began,
      at: Date.now(),
      ...(why && { why }),
    })
    try {
      const response = await fetch(`${ingest}/logs`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...own },
        body,
        signal: AbortSignal.timeout(timeoutMs),
      })
      const text = await response.text()
      return { ...answered(response.status, response.status === 202 ? undefined : text.slice(0, 200)), text }
    } catch (error) {
      return answered(0, `${(error as Error).cause ?? error}`)
    }
  }

  /** Sends again what has an unknown outcome, as every client may. */
  async function insist(body: string, answers: Answered[] = []): Promise<string> {
    for (;;) {
      const { text = '', ...answer } = await post(body)
      answers.push(answer)
      if (answer.status === 202) return text
      if (answer.status >= 400 && answer.status < 500) throw new Error(`POST /logs: ${answer.status} ${answer.why}`)
      await wait(500)
    }
  }

  return {
    count: () => lines.size,
    note: (activity) => void lines.set(activity.id ?? '', JSON.stringify(activity)),
    async postEvenly(rate, until) {
      const answers: Answered[] = []
      const running: Promise<unknown>[] = []
      let isOver = false
      const end = () => {
        isOver = true
      }
      until.then(end, end)
      const began = performance.now()
      for (let n = 1; !isOver; n++) {
        running.push(insist(JSON.stringify(anActivity()), answers))
        await wait(Math.max(0, began + (n * 1000) / rate - performance.now()))
      }
      await Promise.all(running)
      return answers
    },
    async postOne() {
      const { receipt } = JSON.parse(await insist(JSON.stringify(anActivity()))) as { receipt: string }
      return receipt
    },
    async postMany(count) {
      for (let rest = count; rest > 0; rest -= perRequest) {
        const many = Array.from({ length: Math.min(rest, perRequest) }, anActivity)
        await insist(JSON.stringify(many))
      }
    },
    async audit() {
      const settledMs = await eventually('the ledger is complete', async () => {
        const ledger = (await read(`${query}/ledger`, operator)) as Ledger
        if (!ledger.complete) return false
        const known = ledger.partitions.reduce((sum, { last }) => sum + (last ?? -1) + 1, 0)
        return known === (await positions())
      })
      const problems: string[] = []
      const times = new Map<string, number>()
      let found = 0
      for (let path: string | null = '/logs?limit=1000&count=none'; path; ) {
        const { data, next } = (await read(query + path, own)) as Page
        for (const { recordedAt: _recordedAt, ...activity } of data) {
          // what the log records about its own use
          if (isOwn(activity.id)) continue
          found++
          times.set(activity.id, (times.get(activity.id) ?? 0) + 1)
          if (lines.get(activity.id) !== JSON.stringify(activity)) problems.push(`${activity.id} is not as it was sent`)
        }
        path = next
      }
      for (const id of lines.keys()) if (!times.has(id)) problems.push(`${id} is lost`)
      for (const [id, count] of times) if (count > 1) problems.push(`${id} is there ${count} times`)
      const letters = (await read(`${query}/dead-letters?state=all&limit=10`, own)) as Page
      for (const { id } of letters.data) problems.push(`dead letter ${id}`)
      return { sent: lines.size, found, problems, settledMs }
    },
  }
}

type Ledger = { complete: boolean; partitions: readonly { last: number | null }[] }
type Page = { data: readonly { id: string; recordedAt?: string }[]; next: string | null }

/** A store that just came back may not answer at first. */
async function read(url: string, headers: { [name: string]: string } = {}): Promise<unknown> {
  for (let attempt = 1; ; attempt++) {
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(timeoutMs) }).catch(() => undefined)
    if (response?.ok) return response.json()
    if (attempt === 20 || (response && response.status < 500))
      throw new Error(`GET ${url}: ${response?.status ?? 'no answer'} ${(await response?.text()) ?? ''}`)
    await wait(500)
  }
}

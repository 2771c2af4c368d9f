import { deepStrictEqual } from 'node:assert'
import { createApp } from '@activity-log/query/app.ts'
import { activityRecorded, defaultTenant } from '@activity-log/shared/activity-recorded.ts'
import type { Position } from '@activity-log/shared/receipt.ts'
import type { RecordedActivity } from '@activity-log/shared/store/activities.ts'
import type { ActivityStore } from '@activity-log/shared/store/store.ts'
import { type Answer, answerOf, silent } from '@activity-log/shared/testing/builders.ts'
import type { Arrival, Case } from './draw.ts'
import { type Logged, listed, parametersOf } from './log-model.ts'

const receivedAt = new Date('2026-01-01T00:00:00.000Z')

/** A page of the plain array, and whether its links lead to a next and a previous page. */
type Shown = { rows: Logged[]; number: number; hasNext: boolean; hasPrevious: boolean }
type Place = { page: number } | { reading: 'onwards' | 'back'; from: Logged; number: number }
type Log = { all: Logged[]; known: Logged[] }

/** No case has nearly as many pages. */
const maxPages = 200

/** Rejects when a list over the store, which must be empty, differs from the list of a plain array. */
export async function checkCase(store: ActivityStore, drawn: Case): Promise<void> {
  const log: Log = { all: [], known: [] }
  const save = arriving(store, log)
  let nowMs = receivedAt.getTime()
  let current = await store.ledger()
  // the ledger is read beforehand, because an app does not wait for a slow one, and a model cannot know which is slow
  const ledger = async () => {
    log.known = [...log.all]
    return current
  }
  const arrive = async (arrivals: readonly Arrival[]) => {
    await save(arrivals)
    current = await store.ledger()
  }
  const app = createApp({ store: { ...store, ledger: ledger }, log: silent, now: () => new Date(nowMs) })
  const get = async (url: string) => {
    const response = await app.request(url)
    if (response.status !== 200) throw new Error(`${url}: ${response.status} ${await response.text()}`)
    return answerOf(response)
  }
  const { wanted, limit, count, moves, keepsSnapshot } = drawn
  const parameters = parametersOf(wanted)
  parameters.set('limit', String(limit))
  parameters.set('count', count)
  /** The log at the snapshot that the links keep; undefined while they keep none. */
  let then: Logged[] | undefined
  const link = (url: string) => (keepsSnapshot ? url : withoutSnapshot(url))

  async function ask(url: string, place: Place): Promise<{ answer: Answer; shown: Shown }> {
    const answer = await get(url)
    const isNow = then === undefined
    const rows = listed(then ?? log.all, wanted)
    const shown = pageOf(rows, place, limit)
    deepStrictEqual(
      { ...summaryOf(answer), ...(count === 'none' ? {} : { total: answer.total, totalIsExact: answer.totalIsExact }) },
      { ...expectedOf(shown), ...(count === 'none' ? {} : { total: rows.length, totalIsExact: true }) },
      `${url} differs`,
    )
    if (isNow && keepsSnapshot && answer.asOf) {
      const seen = new Set('page' in place && place.page === 1 ? [...log.known, ...rows.slice(0, limit + 1)] : log.all)
      then = log.all.filter((each) => seen.has(each))
      parameters.set('asOf', answer.asOf)
    }
    return { answer, shown }
  }

  await arrive(drawn.before)
  let at = await ask(`/logs?${parameters}&page=${drawn.startPage}`, { page: drawn.startPage })
  for (const { to, page, arrivals, waitMs } of moves) {
    await arrive(arrivals)
    nowMs += waitMs
    const { next, previous } = at.answer
    const { rows, number } = at.shown
    if (to === 'next' && next) {
      at = await ask(link(next), { reading: 'onwards', from: rows.at(-1) as Logged, number: number + 1 })
    } else if (to === 'previous' && previous) {
      const [from] = rows
      const back = Math.max(1, number - 1)
      at = await ask(link(previous), from ? { reading: 'back', from, number: back } : { page: back })
    } else if (to === 'page') {
      at = await ask(`/logs?${parameters}&page=${page}`, { page })
    }
  }

  // follows the pages to the last while other activities arrive; each activity that was there is listed once
  const there = listed(then ?? log.all, wanted)
  const seen: string[] = []
  let url: string | null = `/logs?${parameters}`
  for (let page = 0; url; page++) {
    if (page > maxPages) throw new Error(`${url} does not lead to another page`)
    const answer: Answer = await get(url)
    seen.push(...answer.data.map(({ id }) => id))
    await arrive(moves[page]?.arrivals ?? [])
    url = answer.next && link(answer.next)
  }
  deepStrictEqual(new Set(seen).size, seen.length, 'A row is listed twice')
  const were = new Set(there.map(({ id }) => id))
  deepStrictEqual(then ? seen : seen.filter((id) => were.has(id)), [...were], 'A row is missing or in the wrong place')
}

function pageOf(rows: readonly Logged[], place: Place, limit: number): Shown {
  if ('page' in place) {
    const start = (place.page - 1) * limit
    const end = start + limit
    return {
      rows: rows.slice(start, end),
      number: place.page,
      hasNext: rows.length > end,
      hasPrevious: place.page > 1,
    }
  }
  const { reading, from, number } = place
  const index = rows.indexOf(from)
  if (reading === 'onwards') {
    const rest = rows.slice(index + 1)
    return { rows: rest.slice(0, limit), number, hasNext: rest.length > limit, hasPrevious: true }
  }
  const before = rows.slice(0, index)
  return { rows: before.slice(-limit), number, hasNext: true, hasPrevious: before.length > limit }
}

const expectedOf = ({ rows, number, hasNext, hasPrevious }: Shown) => ({
  ids: rows.map(({ id }) => id),
  contents: rows.map(({ userId, action, metadata }) => JSON.stringify([userId, action, metadata])),
  number,
  hasNext,
  hasPrevious,
})

const summaryOf = ({ data, page, next, previous }: Answer) => ({
  ids: data.map(({ id }) => id),
  contents: data.map(({ userId, action, metadata }) => JSON.stringify([userId, action, metadata])),
  number: page,
  hasNext: next !== null,
  hasPrevious: previous !== null,
})

function withoutSnapshot(url: string): string {
  const [path, query] = url.split('?')
  const parameters = new URLSearchParams(query)
  parameters.delete('asOf')
  return `${path}?${parameters}`
}

/** Saves arriving activities; those with a delay are saved later, although their records already have positions. */
function arriving(store: Pick<ActivityStore, 'save'>, log: Log) {
  const offsets = new Map<number, number>()
  let waiting: { delay: number; logged: Logged }[] = []
  let count = 0
  const nextPosition = (partition: number): Position => {
    const offset = offsets.get(partition) ?? 0
    offsets.set(partition, offset + 1)
    return { partition, offset }
  }

  return async (arrivals: readonly Arrival[]): Promise<void> => {
    const repeated: Logged[] = []
    waiting = waiting.map(({ delay, logged }) => ({ delay: delay - 1, logged }))
    for (const { partition, delay, isRepeated, ...activity } of arrivals) {
      const logged = { id: `id-${count++}`, ...activity, position: nextPosition(partition) }
      waiting.push({ delay, logged })
      if (isRepeated && delay === 0) repeated.push({ ...logged, position: nextPosition(partition) })
    }
    const due = waiting.flatMap(({ delay, logged }) => (delay <= 0 ? [logged] : []))
    waiting = waiting.filter(({ delay }) => delay > 0)
    if (due.length === 0) return
    await store.save([...due, ...repeated].map(recordedAs))
    log.all.push(...due)
  }
}

function recordedAs({ position, timestampMs, metadata, ...names }: Logged): RecordedActivity {
  const sent = { ...names, timestamp: new Date(timestampMs).toISOString(), ...(metadata && { metadata }) }
  const event = activityRecorded(sent, { tenant: defaultTenant, receivedAt, newId: () => names.id })
  return { ...event, position }
}

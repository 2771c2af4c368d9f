import { actionsOf, type NameFilter } from './names.ts'
import { apiHref, isMetadataFilter, searchOf, type View } from './view.ts'
import { dayStart, instantOf, readInstant, wallTime } from './zone-time.ts'

/** The answer of `GET /stats`. */
export type Stats = { data: { key: string; count: number }[]; other: number; total: number; next?: string | null }
/** Fetches a path; undefined if that fails. */
export type Get = (path: string) => Promise<unknown>

export type Bar = { from: number; to: number; count: number }
/** The activities that are so far from the bulk that bars for them would squash all others. */
export type Outside = { before: number; after: number }
export type Histogram = { bars: Bar[]; unit: Unit; outside: Outside }
export type Unit = 'hour' | 'day' | 'week' | 'month' | 'year'
/** The filters without that by a name, so that a facet offers the names beside the chosen ones. */
export function beside(view: View, filter: NameFilter): View {
  const { [filter]: own, ...others } = view
  // a search may need the filter beside it, and a prefix names more than one could choose
  const isNeeded = Object.keys(view).some((name) => name === 'q' || isMetadataFilter(name))
  const isPrefix = filter === 'action' && actionsOf(view).some((part) => part.endsWith('*'))
  return own === undefined || isNeeded || isPrefix ? view : others
}

export type Counts = { actions: Stats | undefined; users: Stats | undefined; histogram: Histogram | undefined }

const maxBars = 150
const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** Loads the counts beside the list, without those that fail. */
export async function readCounts(get: Get, view: View, zone: string): Promise<Counts> {
  const stats = async (by: string, under: View, more: { readonly [name: string]: string } = {}) => {
    const { asOf } = view
    return (await get(apiHref('/stats', { by, ...searchOf(under), asOf, ...more }))) as Stats | undefined
  }
  const calendar = (by: string) => stats(by, view, { timezone: zone })
  const [actions, users, histogram] = await Promise.all([
    stats('action', beside(view, 'action')),
    // under a filter by users that is needed, the only names would be those of the filter
    view['userId'] === undefined || beside(view, 'userId') !== view
      ? stats('userId', beside(view, 'userId'))
      : undefined,
    readHistogram(calendar, view, zone),
  ])
  return { actions, users, histogram }
}

async function readHistogram(
  stats: (by: string) => Promise<Stats | undefined>,
  { from, to }: View,
  zone: string,
): Promise<Histogram | undefined> {
  const range = { from: instant(from), to: instant(to) }
  const spanMs = (range.to ?? Number.NaN) - (range.from ?? Number.NaN)
  if (spanMs <= 4 * dayMs) return barsOf(await stats('hour'), 'hour', range, zone)
  if (!(spanMs > 1000 * dayMs)) {
    const days = await stats('day')
    const { bulk } = bulkOf(countedIn(days, zone), range)
    const first = bulk[0]
    const last = bulk.at(-1)
    if (first && last && Number.isNaN(spanMs) && last.at - first.at <= 2 * dayMs) {
      return barsOf(await stats('hour'), 'hour', range, zone)
    }
    if (!days || days.other === 0) return barsOf(days, 'day', range, zone)
  }
  return barsOf(await stats('month'), 'month', range, zone)
}

/** The list rejects an invalid instant; here it is ignored. */
const instant = (text: string | undefined) => {
  const ms = readInstant(text ?? '')
  return Number.isNaN(ms) ? undefined : ms
}

type Range = { from: number | undefined; to: number | undefined }

/** Adjacent bars over the whole range, or over what was counted, few enough to tell apart. */
export function barsOf(
  stats: Stats | undefined,
  by: 'hour' | 'day' | 'month',
  range: Range,
  zone: string,
): Histogram | undefined {
  if (!stats || stats.data.length === 0) return undefined
  const { bulk, outside } = bulkOf(countedIn(stats, zone), range)
  const first = Math.min(range.from ?? Number.POSITIVE_INFINITY, bulk[0]?.at ?? 0)
  const last = Math.max(range.to === undefined ? 0 : range.to - 1, bulk.at(-1)?.at ?? 0)
  const days = (last - first) / dayMs
  const unit = coarseEnough(by, days)
  const bars: Bar[] = []
  let at = floor(first, unit, zone)
  // the limit is never reached, since years are few enough for any log
  while (at <= last && bars.length < 1000) {
    const next = after(at, unit, zone)
    bars.push({ from: at, to: next, count: 0 })
    at = next
  }
  let place = 0
  for (const { at, count } of bulk) {
    while (place < bars.length - 1 && (bars[place]?.to ?? 0) <= at) place++
    const bar = bars[place]
    if (bar) bar.count += count
  }
  return { bars, unit, outside }
}

type Counted = { at: number; count: number }

const countedIn = (stats: Stats | undefined, zone: string): Counted[] =>
  stats?.data.map(({ key, count }) => ({ at: startOf(key, zone), count })) ?? []

/** At most the part `maxOutside` of all activities lies outside, behind a gap `minGap` times as long as the rest. */
const maxOutside = 0.05
const minGap = 4

/**
 * Leaves out a few activities that lie far from all others, on the sides where the reader has chosen no end. One
 * activity with a wrong clock would otherwise make a single bar of all the others.
 */
function bulkOf(counted: readonly Counted[], { from, to }: Range): { bulk: readonly Counted[]; outside: Outside } {
  const total = sum(counted)
  const max = Math.max(1, Math.floor(total * maxOutside))
  const lengthOf = (part: readonly Counted[]) => Math.max(dayMs, (part.at(-1)?.at ?? 0) - (part[0]?.at ?? 0))
  const outside = { before: 0, after: 0 }
  let bulk = counted
  const leaveOut = (side: keyof Outside, keptFrom: (at: number) => readonly [number, number]) => {
    for (let at = 1; at < bulk.length; at++) {
      const [start, end] = keptFrom(at)
      const kept = bulk.slice(start, end)
      const count = outside[side] + sum(bulk) - sum(kept)
      if (count > max || 2 * count >= total) return
      const gap = side === 'before' ? at : bulk.length - at
      const gapMs = (bulk[gap]?.at ?? 0) - (bulk[gap - 1]?.at ?? 0)
      if (gapMs <= minGap * lengthOf(kept)) continue
      outside[side] = count
      bulk = kept
      at = 0
    }
  }
  if (from === undefined) leaveOut('before', (at) => [at, bulk.length])
  if (to === undefined) leaveOut('after', (at) => [0, bulk.length - at])
  return { bulk, outside }
}

const sum = (counted: readonly Counted[]) => counted.reduce((total, { count }) => total + count, 0)

function coarseEnough(by: 'hour' | 'day' | 'month', days: number): Unit {
  if (by === 'hour' || days <= maxBars) return by
  if (by === 'day' && days <= 7 * maxBars) return 'week'
  return days <= 30 * maxBars ? 'month' : 'year'
}

/** The start of "2024-01-15T10:00:00+01:00", "2024-01-15" or "2024-01". */
const startOf = (key: string, zone: string) =>
  key.length > 10 ? Date.parse(key) : instantOf(key.length === 7 ? `${key}-01` : key, zone)

function floor(ms: number, unit: Unit, zone: string): number {
  const wall = wallTime(ms, zone)
  if (unit === 'hour') return instantOf(`${wall.slice(0, 13)}:00`, zone)
  if (unit === 'month') return instantOf(`${wall.slice(0, 7)}-01`, zone)
  if (unit === 'year') return instantOf(`${wall.slice(0, 4)}-01-01`, zone)
  const weekday = (new Date(`${wall.slice(0, 10)}T00:00Z`).getUTCDay() + 6) % 7
  return dayStart(ms, zone, unit === 'week' ? -weekday : 0)
}

function after(ms: number, unit: Unit, zone: string): number {
  if (unit === 'hour') return ms + hourMs
  if (unit === 'day' || unit === 'week') return dayStart(ms, zone, unit === 'week' ? 7 : 1)
  const date = new Date(`${wallTime(ms, zone).slice(0, 10)}T00:00Z`)
  date.setUTCMonth(date.getUTCMonth() + (unit === 'month' ? 1 : 12))
  return instantOf(date.toISOString().slice(0, 10), zone)
}

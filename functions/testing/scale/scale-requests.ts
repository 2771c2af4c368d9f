import { isDeepStrictEqual } from 'node:util'
import type { Answer } from '@activity-log/shared/testing/builders.ts'
import { actions, arrivedAt, days, endMs, idOf, type MadeUpLog, sequenceOf, userName } from './made-up-log.ts'

/** A request of the table. `isRight` compares its answer with the made-up log. `plain` is false without an equal. */
export type ScaleRequest = { name: string; url: string; plain?: false; isRight: (answer: Answer) => boolean }

type Wanted = { user?: number; isAction?: (action: number) => boolean; fromMs?: number; toMs?: number }

const dayMs = 86_400_000
const iso = (ms: number) => new Date(ms).toISOString()

/** Every request of the table for one log. */
export function requestsOf(log: MadeUpLog, asOf: { [share: string]: string }): ScaleRequest[] {
  const inOrder = Uint32Array.from({ length: log.size }, (_, n) => n).sort(
    (one, other) =>
      (log.timeMs[other] as number) - (log.timeMs[one] as number) ||
      arrivedAt(log, other) - arrivedAt(log, one) ||
      sequenceOf(other) - sequenceOf(one),
  )

  function matches({ user, isAction, fromMs = 0, toMs = endMs + dayMs }: Wanted) {
    return (n: number) => {
      const at = log.timeMs[n] as number
      return (
        (user === undefined || log.user[n] === user) &&
        (!isAction || isAction(log.action[n] as number)) &&
        at >= fromMs &&
        at < toMs
      )
    }
  }
  const countOf = (wanted: Wanted) => {
    const isMatch = matches(wanted)
    let count = 0
    for (let n = 0; n < log.size; n++) if (isMatch(n)) count++
    return count
  }
  function idsOf(wanted: Wanted, skip: number, limit = 10, isThere: (n: number) => boolean = () => true) {
    const isMatch = matches(wanted)
    const ids: string[] = []
    let skipped = 0
    for (const n of inOrder) {
      if (!isMatch(n) || !isThere(n)) continue
      if (skipped++ < skip) continue
      ids.push(idOf(n))
      if (ids.length === limit) break
    }
    return ids
  }
  const lists =
    (wanted: Wanted, skip = 0, isThere?: (n: number) => boolean) =>
    ({ data }: Answer) =>
      isDeepStrictEqual(
        data.map(({ id }) => id),
        idsOf(wanted, skip, 10, isThere),
      )
  const counts = (wanted: Wanted) => (answer: Answer) => answer.total === countOf(wanted)
  function tallies(wanted: Wanted, keyOf: (n: number) => string) {
    return (answer: Answer) => {
      const isMatch = matches(wanted)
      const expected = new Map<string, number>()
      for (let n = 0; n < log.size; n++) if (isMatch(n)) expected.set(keyOf(n), (expected.get(keyOf(n)) ?? 0) + 1)
      const { data } = answer as unknown as { data: { key: string; count: number }[] }
      return answer.total === countOf(wanted) && data.every(({ key, count }) => expected.get(key) === count)
    }
  }

  const [first, rare] = [0, actions.length - 1]
  const isPrefix = (prefix: string) => (action: number) => actions[action]?.startsWith(prefix) === true
  const only = (wanted: number) => (action: number) => action === wanted
  const last = Math.ceil(log.size / 10)
  const month = { fromMs: endMs - 37 * dayMs + 420_000, toMs: endMs - 7 * dayMs + 420_000 }
  const inMonth = `from=${iso(month.fromMs)}&to=${iso(month.toMs)}`
  const oneDay = { fromMs: endMs - 40 * dayMs, toMs: endMs - 39 * dayMs }
  const inDay = `from=${iso(oneDay.fromMs)}&to=${iso(oneDay.toMs)}`
  const heavy = userName(0)
  const medium = 137
  const cart = { isAction: isPrefix('cart.') }
  const named = { action: (n: number) => actions[log.action[n] as number] as string }
  const at = (n: number) => log.timeMs[n] as number
  const berlin = (n: number) => new Date(at(n) + (at(n) < Date.UTC(2025, 9, 26, 1) ? 2 : 1) * 3_600_000).toISOString()

  const list = (name: string, query: string, wanted: Wanted, skip = 0): ScaleRequest => ({
    name,
    url: `/logs?count=none&${query}`,
    isRight: lists(wanted, skip),
  })
  const count = (name: string, query: string, wanted: Wanted): ScaleRequest => ({
    name,
    url: `/logs?count=exact&limit=1&${query}`,
    isRight: counts(wanted),
  })
  const stats = (name: string, query: string, wanted: Wanted, keyOf: (n: number) => string): ScaleRequest => ({
    name,
    url: `/stats?${query}`,
    isRight: tallies(wanted, keyOf),
  })
  const old = (share: number): ScaleRequest => ({
    name: `first page as of ${share * 100} % of the log`,
    url: `/logs?count=none&asOf=${asOf[share]}`,
    plain: false,
    isRight: lists({}, 0, (n) => n < log.size * share),
  })

  return [
    list('first page', '', {}),
    { ...list('first page with its total', '', {}), url: '/logs' },
    list('first page of a day', inDay, oneDay),
    list('first page of the heaviest user', `userId=${heavy}`, { user: 0 }),
    { ...list('first page of a medium user with its total', '', { user: medium }), url: `/logs?userId=user_${medium}` },
    list('first page of a rare action', `action=${actions[rare]}`, { isAction: only(rare) }),
    list('first page of cart.*', 'action=cart.*', cart),
    list('first page of *', 'action=*', {}),
    list('heaviest user and a rare action', `userId=${heavy}&action=${actions[rare]}`, {
      user: 0,
      isAction: only(rare),
    }),
    list('heaviest user and no such action', `userId=${heavy}&action=none`, { isAction: () => false }),
    list('page 100', 'page=100', {}, 990),
    list('page 1,000', 'page=1000', {}, 9990),
    list('page in the middle', `page=${last >> 1}`, {}, ((last >> 1) - 1) * 10),
    list('last page', `page=${last}`, {}, (last - 1) * 10),
    list('page in the middle of cart.*', `action=cart.*&page=${last >> 3}`, cart, ((last >> 3) - 1) * 10),
    list('page in the middle of 30 days', `${inMonth}&page=${last >> 3}`, month, ((last >> 3) - 1) * 10),
    count('exact total', '', {}),
    count('exact total of an action', `action=${actions[first]}`, { isAction: only(first) }),
    count('exact total of cart.*', 'action=cart.*', cart),
    count('exact total of 30 days', inMonth, month),
    count('exact total of cart.* in 30 days', `action=cart.*&${inMonth}`, { ...cart, ...month }),
    count('exact total of the heaviest user', `userId=${heavy}`, { user: 0 }),
    stats('by action', 'by=action&limit=1000', {}, named.action),
    stats('by action, a day', `by=action&limit=1000&${inDay}`, oneDay, named.action),
    stats('by action, 30 days', `by=action&limit=1000&${inMonth}`, month, named.action),
    stats('by user', 'by=userId&limit=10', {}, (n) => userName(log.user[n] as number)),
    stats('by hour', 'by=hour', {}, (n) => `${iso(at(n)).slice(0, 13)}:00:00Z`),
    stats('by day', 'by=day', {}, (n) => iso(at(n)).slice(0, 10)),
    stats('by day in Berlin', 'by=day&timezone=Europe/Berlin', {}, (n) => berlin(n).slice(0, 10)),
    stats('by month of cart.*', 'by=month&action=cart.*', cart, (n) => iso(at(n)).slice(0, 7)),
    ...[0.5, 0.01, 0.999].map(old),
  ].filter(({ url }) => !url.includes('undefined') && days > 0)
}

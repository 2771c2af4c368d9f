import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { StartError } from '../config.ts'
import { cannotUse, isOfSqlite, transaction } from '../sqlite/file.ts'
import { allActions, createSqliteCounters, quarterMs, quartersPerDay, unit } from './sqlite-counters.ts'
import { migrations } from './sqlite-migrations.ts'

/** A counter that does not agree with the activities. */
export type Difference = { what: string; counted: number; actual: number }
/** `checked` is the number of activities in the counters that were compared, of `total`. */
export type CheckStep = { checked: number; total: number; differences: Difference[] }

/** How many users to compare in one step. */
const usersAtOnce = 1000

type Cell = { time: number; n: number; first: number; last: number }

const isCounted = `EXISTS (
  SELECT 1 FROM counted WHERE partition = activities.place >> 40 AND activities.place BETWEEN first AND last)`

/**
 * Compares the counters with the activities that are counted, step by step. All steps see the database as it was when
 * the first one began.
 */
export function* checkCounts(db: DatabaseSync): Generator<CheckStep> {
  db.exec('BEGIN')
  try {
    const { n } = db.prepare('SELECT coalesce(sum(activities), 0) AS n FROM users').get() as { n: number }
    const progress = { checked: 0, total: 2 * n }
    for (const step of [...actionSteps(db), ...userSteps(db)]) {
      const { compared, differences } = step()
      progress.checked += compared
      yield { ...progress, differences }
    }
  } finally {
    db.exec('COMMIT')
  }
}

type Compared = { compared: number; differences: Difference[] }

/** A step for each action, and one for all actions of each tenant. */
function actionSteps(db: DatabaseSync): (() => Compared)[] {
  const actions = db.prepare('SELECT tenant, number FROM actions ORDER BY tenant').all() as {
    tenant: number
    number: number
  }[]
  const cells = db.prepare(
    `SELECT timestampMs / ${quarterMs} AS time, count(*) AS n, min(place) AS first, max(place) AS last
     FROM activities INDEXED BY byAction WHERE tenant = ? AND action = ? AND ${isCounted} GROUP BY 1`,
  )
  const known = db.prepare('SELECT time, n, first, last FROM counts WHERE tenant = ? AND unit = ? AND action = ?')
  const tenants = new Map<number, Map<number, Cell>>()

  function compare(tenant: number, action: number, actual: ReadonlyMap<number, Cell>): Compared {
    const differences: Difference[] = []
    let compared = 0
    for (const [name, per] of [['quarter', 1] as const, ['day', quartersPerDay] as const, ['ever', 0] as const]) {
      const expected = joined(actual.values(), per)
      for (const cell of known.all(tenant, unit[name], action) as Cell[]) {
        const { n, first, last } = expected.get(cell.time) ?? { n: 0, first: cell.first, last: cell.last }
        const what = `tenant ${tenant}, action ${action === allActions ? 'any' : action}, ${name} ${cell.time}`
        if (cell.n !== n) differences.push({ what, counted: cell.n, actual: n })
        if (cell.first > first) differences.push({ what: `${what}, first place`, counted: cell.first, actual: first })
        if (cell.last < last) differences.push({ what: `${what}, last place`, counted: cell.last, actual: last })
        expected.delete(cell.time)
        if (name === 'ever' && action !== allActions) compared += n
      }
      for (const { time, n } of expected.values()) {
        differences.push({ what: `tenant ${tenant}, action ${action}, ${name} ${time}`, counted: 0, actual: n })
      }
    }
    return { compared, differences }
  }

  const one = ({ tenant, number }: { tenant: number; number: number }) => {
    const actual = new Map((cells.all(tenant, number) as Cell[]).map((cell) => [cell.time, cell]))
    const all = tenants.get(tenant) ?? new Map<number, Cell>()
    tenants.set(tenant, all)
    for (const cell of actual.values()) add(all, cell)
    return compare(tenant, number, actual)
  }
  const ofAll = (tenant: number) => compare(tenant, allActions, tenants.get(tenant) ?? new Map())
  const numbers = new Set(actions.map(({ tenant }) => tenant))
  return [...actions.map((action) => () => one(action)), ...[...numbers].map((tenant) => () => ofAll(tenant))]
}

/** Joins the cells of quarters into days, or all of them into one. */
function joined(quarters: Iterable<Cell>, per: number): Map<number, Cell> {
  const cells = new Map<number, Cell>()
  for (const cell of quarters) add(cells, { ...cell, time: per === 0 ? 0 : Math.floor(cell.time / per) })
  return cells
}

function add(cells: Map<number, Cell>, { time, n, first, last }: Cell) {
  const known = cells.get(time)
  cells.set(time, {
    time,
    n: n + (known?.n ?? 0),
    first: Math.min(first, known?.first ?? first),
    last: Math.max(last, known?.last ?? last),
  })
}

function userSteps(db: DatabaseSync): (() => Compared)[] {
  const users = db.prepare(
    `SELECT number, activities AS counted, (
       SELECT count(*) FROM activities INDEXED BY byUser
       WHERE activities.tenant = users.tenant AND activities.user = users.number AND ${isCounted}
     ) AS actual FROM users WHERE number > ? AND number <= ?`,
  )
  const { last } = db.prepare('SELECT coalesce(max(number), 0) AS last FROM users').get() as { last: number }
  return Array.from({ length: Math.ceil(last / usersAtOnce) }, (_, step) => () => {
    const rows = users.all(step * usersAtOnce, (step + 1) * usersAtOnce) as {
      number: number
      counted: number
      actual: number
    }[]
    const differences = rows
      .filter(({ counted, actual }) => counted !== actual)
      .map(({ number, ...numbers }) => ({ what: `user ${number}`, ...numbers }))
    return { compared: rows.reduce((sum, { actual }) => sum + actual, 0), differences }
  })
}

/** Counts everything again, within the transaction of the caller. */
export function recount(db: DatabaseSync): void {
  db.exec('DELETE FROM counts; DELETE FROM counted; UPDATE users SET activities = 0')
  const count = createSqliteCounters(db)
  while (count(10_000) > 0);
}

/** Counts everything in a store again, in one transaction. */
export const countAgain = (path: string): Promise<void> =>
  explained(path, async () => {
    using db = opened(path)
    transaction(db, () => recount(db))
  })

export type Progress = (done: number, of: number) => void

/** Compares the counters of a store with its activities. Throws StartError if there is no such store. */
export const differencesIn = (path: string, onProgress: Progress) => explained(path, () => compare(path, onProgress))

/** The disk may be full, and the file damaged or not this user's. */
const explained = <Result>(path: string, work: () => Promise<Result>): Promise<Result> =>
  work().catch((error) => {
    throw isOfSqlite(error) ? cannotUse(path, error) : error
  })

type Check = { checked: number; uncounted: number; differences: Difference[] }

/** `uncounted` is the number of activities that are in no counter yet. */
async function compare(path: string, onProgress: Progress): Promise<Check> {
  using db = opened(path, { readOnly: true })
  const differences: Difference[] = []
  let activities = 0
  for (const { checked, total, differences: found } of checkCounts(db)) {
    differences.push(...found)
    onProgress(checked, total)
    activities = total / 2
    await new Promise(setImmediate)
  }
  const { n } = db.prepare(`SELECT count(*) AS n FROM activities WHERE NOT ${isCounted}`).get() as { n: number }
  return { checked: activities, uncounted: n, differences }
}

/** Opens a store of this version. */
function opened(path: string, options: { readOnly?: boolean } = {}): DatabaseSync {
  if (!existsSync(path)) throw new StartError(`There is no store at ${path}. Name its folder with --data-dir.`)
  const db = new DatabaseSync(path, { timeout: 5000, ...options })
  const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number }
  if (version === migrations.length) return db
  db.close()
  const advice = version < migrations.length ? 'Start this version once, which upgrades it.' : 'Use that version.'
  throw new StartError(`Another version of the activity log wrote ${path}. ${advice}`)
}

import type { DatabaseSync } from 'node:sqlite'
import { type ActionPattern, afterPrefix, partsOf } from '../filter.ts'
import { maxActions } from './activities.ts'

/** The maximum number of names whose numbers are kept in memory. */
const maxCached = 20_000

export type SqliteNames = ReturnType<typeof createSqliteNames>

/** Looks up the numbers that stand for tenants, users and actions. */
export function createSqliteNames(db: DatabaseSync) {
  const tenantNumber = db.prepare('SELECT number FROM tenants WHERE name = ?')
  const numberOf = (table: 'users' | 'actions') =>
    db.prepare(`SELECT number FROM ${table} WHERE tenant = ? AND name = ?`)
  const [userNumber, actionNumber] = [numberOf('users'), numberOf('actions')]
  const actionsFrom = db.prepare(
    `SELECT number, name FROM actions WHERE tenant = ? AND name >= ? ORDER BY name LIMIT ${maxActions + 1}`,
  )

  const from = 'SELECT number FROM actions WHERE tenant = ? AND name >= ?'
  const [actionsOnwards, actionsBetween] = [db.prepare(from), db.prepare(`${from} AND name < ?`)]

  function allActionsWith(tenant: number, prefix: string): number[] {
    const end = afterPrefix(prefix)
    const rows = end === undefined ? actionsOnwards.all(tenant, prefix) : actionsBetween.all(tenant, prefix, end)
    return rows.map(({ number }) => number as number)
  }

  function actionsWith(tenant: number, prefix: string): number[] {
    const from = actionsFrom.all(tenant, prefix) as { number: number; name: string }[]
    const end = from.findIndex(({ name }) => !name.startsWith(prefix))
    return (end < 0 ? from : from.slice(0, end)).map(({ number }) => number)
  }

  /** A tenant keeps its number for ever. */
  let lastTenant: { name: string; number: number } | undefined

  function tenant(name: string): number | undefined {
    if (lastTenant?.name === name) return lastTenant.number
    const number = tenantNumber.get(name)?.['number'] as number | undefined
    lastTenant = number === undefined ? undefined : { name, number }
    return number
  }

  return {
    tenant,
    user: (tenant: number, name: string) => userNumber.get(tenant, name)?.['number'] as number | undefined,
    /**
     * The actions that match the patterns, unless there are more than `max`; a prefix takes one range of the index of
     * names.
     */
    actions(tenant: number, patterns: readonly ActionPattern[], max: number): number[] | undefined {
      const { names, prefixes } = partsOf(patterns)
      const numbers = names.flatMap((name) => (actionNumber.get(tenant, name)?.['number'] as number | undefined) ?? [])
      for (const prefix of prefixes) {
        numbers.push(...actionsWith(tenant, prefix))
        if (numbers.length > max) return undefined
      }
      return numbers.length > max ? undefined : numbers
    },
    /** The actions that match the patterns, however many they are. */
    allActions(tenant: number, patterns: readonly ActionPattern[]): number[] {
      const { names, prefixes } = partsOf(patterns)
      const numbers = names.flatMap((name) => (actionNumber.get(tenant, name)?.['number'] as number | undefined) ?? [])
      return [...numbers, ...prefixes.flatMap((prefix) => allActionsWith(tenant, prefix))]
    },
  }
}

export type SqliteNumbers = ReturnType<typeof createSqliteNumbers>

/** Gives each name a number, within the transaction of the caller. If that transaction fails, call `forget`. */
export function createSqliteNumbers(db: DatabaseSync) {
  const cached = new Map<string, number>()
  const tables = { tenants: numbersIn('tenants'), users: numbersIn('users'), actions: numbersIn('actions') }

  function numbersIn(table: 'tenants' | 'users' | 'actions') {
    const isTenant = table === 'tenants'
    const select = db.prepare(`SELECT number FROM ${table} WHERE ${isTenant ? '' : 'tenant = ? AND '}name = ?`)
    const insert = db.prepare(
      `INSERT INTO ${table} (${isTenant ? '' : 'tenant, '}name) VALUES (${isTenant ? '' : '?, '}?)`,
    )
    return (isAdded: boolean, ...identity: [string] | [number, string]): number | undefined => {
      const name = `${table}/${identity.join('/')}`
      const known = cached.get(name)
      if (known !== undefined) return known
      const found = select.get(...identity)?.['number'] as number | undefined
      if (found === undefined && !isAdded) return undefined
      const number = found ?? Number(insert.run(...identity).lastInsertRowid)
      if (cached.size === maxCached) cached.clear()
      cached.set(name, number)
      return number
    }
  }

  return {
    tenant: (name: string) => tables.tenants(true, name) as number,
    user: (tenant: number, name: string) => tables.users(true, tenant, name) as number,
    action: (tenant: number, name: string) => tables.actions(true, tenant, name) as number,
    hasBoth: (tenant: number, user: string, action: string) =>
      tables.users(false, tenant, user) !== undefined && tables.actions(false, tenant, action) !== undefined,
    forget: () => cached.clear(),
  }
}

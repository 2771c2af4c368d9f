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
  const tenants = numbersIn('tenants')
  const users = numbersIn('users')
  const actions = numbersIn('actions')

  function numbersIn(table: 'tenants' | 'users' | 'actions') {
    const isTenant = table === 'tenants'
    const select = db.prepare(`SELECT number FROM ${table} WHERE ${isTenant ? '' : 'tenant = ? AND '}name = ?`)
    const insert = db.prepare(
      `INSERT INTO ${table} (${isTenant ? '' : 'tenant, '}name) VALUES (${isTenant ? '' : '?, '}?)`,
    )
    /** Maps in a map cost less than a name made of both parts. */
    const cached = new Map<number, Map<string, number>>()
    let count = 0

    function remember(tenant: number, name: string, number: number): number {
      if (count === maxCached) forget()
      const known = cached.get(tenant)
      if (known) known.set(name, number)
      else cached.set(tenant, new Map([[name, number]]))
      count++
      return number
    }

    function forget() {
      cached.clear()
      count = 0
    }

    function known(tenant: number, name: string): number | undefined {
      const number = cached.get(tenant)?.get(name)
      if (number !== undefined) return number
      const row = isTenant ? select.get(name) : select.get(tenant, name)
      return row && remember(tenant, name, row['number'] as number)
    }

    function numberOf(tenant: number, name: string): number {
      const number = known(tenant, name)
      if (number !== undefined) return number
      const { lastInsertRowid } = isTenant ? insert.run(name) : insert.run(tenant, name)
      return remember(tenant, name, Number(lastInsertRowid))
    }

    return { known, numberOf, forget }
  }

  return {
    tenant: (name: string) => tenants.numberOf(noTenant, name),
    user: users.numberOf,
    action: actions.numberOf,
    hasBoth: (tenant: number, user: string, action: string) =>
      users.known(tenant, user) !== undefined && actions.known(tenant, action) !== undefined,
    forget() {
      for (const { forget } of [tenants, users, actions]) forget()
    },
  }
}

/** Tenants themselves belong to no tenant. */
const noTenant = 0

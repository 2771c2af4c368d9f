import type { SQLInputValue } from 'node:sqlite'
import { type ActionPattern, afterPrefix, partsOf } from '../filter.ts'

export type Condition = { text: string; values: SQLInputValue[] }

/** Whether the action of a row has one of these names or prefixes; `not` negates it. */
export function isOneOf(patterns: readonly ActionPattern[], not: '' | 'NOT ' = ''): Condition {
  const { names, prefixes } = partsOf(patterns)
  const ranges = prefixes.map((prefix) => ({ prefix, end: afterPrefix(prefix) }))
  const conditions = [
    ...(names.length > 0 ? [`named.name IN (${names.map(() => '?').join()})`] : []),
    ...ranges.map(({ end }) => `named.name >= ?${end === undefined ? '' : ' AND named.name < ?'}`),
  ]
  return {
    text: `${not}EXISTS (SELECT 1 FROM actions AS named WHERE named.number = activities.action AND ${anyOf(conditions)})`,
    values: [...names, ...ranges.flatMap(({ prefix, end }) => (end === undefined ? prefix : [prefix, end]))],
  }
}

export const isAmong = (column: 'user' | 'action', numbers: readonly number[]): Condition => ({
  text: `${column} IN (SELECT value FROM json_each(?))`,
  values: [JSON.stringify(numbers)],
})

/** All conditions that there are; undefined if there is none. */
export function allOf(...conditions: readonly (Condition | undefined)[]): Condition | undefined {
  const present = conditions.filter((condition) => condition !== undefined)
  if (present.length < 2) return present[0]
  return {
    text: present.map(({ text }) => `(${text})`).join(' AND '),
    values: present.flatMap(({ values }) => values),
  }
}

/** Nests many conditions in pairs, because SQLite limits the depth of an expression. */
export function anyOf(conditions: readonly string[]): string {
  if (conditions.length < 2) return `(${conditions[0] ?? 'false'})`
  const middle = conditions.length >> 1
  return `(${anyOf(conditions.slice(0, middle))} OR ${anyOf(conditions.slice(middle))})`
}

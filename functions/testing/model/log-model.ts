import { defaultTenant } from '@activity-log/shared/activity-recorded.ts'
import type { JsonObject, JsonValue } from '@activity-log/shared/json.ts'
import { hashId } from '@activity-log/shared/key.ts'
import type { Position } from '@activity-log/shared/receipt.ts'

/** The log as a plain array, against which lists are compared. */
export type Logged = {
  id: string
  userId: string
  action: string
  /** Nanoseconds since 1970. */
  instant: bigint
  receivedAtMs: number
  sequence: number
  metadata: JsonObject | undefined
  position: Position
}

export type Pattern = { name: string; isBeginning: boolean }

/** The query of a list. */
export type Wanted = {
  users?: readonly string[] | undefined
  actions?: readonly Pattern[] | undefined
  excluded?: readonly Pattern[] | undefined
  from?: bigint | undefined
  to?: bigint | undefined
  metadata?: readonly { path: readonly string[]; value: string }[] | undefined
  text?: string | undefined
  order: 'asc' | 'desc'
}

export function listed(log: readonly Logged[], wanted: Wanted): Logged[] {
  const turn = wanted.order === 'asc' ? 1 : -1
  return log.filter((each) => isWanted(each, wanted)).sort((a, b) => turn * compare(a, b))
}

/** By timestamp, then by receipt, then by the sequence within a millisecond; a hash of the id decides the rest. */
function compare(one: Logged, other: Logged): number {
  if (one.instant !== other.instant) return one.instant < other.instant ? -1 : 1
  const received = one.receivedAtMs - other.receivedAtMs || one.sequence - other.sequence
  return received || Buffer.compare(hashId(defaultTenant, one.id), hashId(defaultTenant, other.id))
}

function isWanted(activity: Logged, wanted: Wanted): boolean {
  const { users, actions, excluded = [], from, to, metadata = [], text } = wanted
  if (users && !users.includes(activity.userId)) return false
  const isAction = ({ name, isBeginning }: Pattern) =>
    isBeginning ? activity.action.startsWith(name) : activity.action === name
  if (actions && !actions.some(isAction)) return false
  if (excluded.some(isAction)) return false
  if (from !== undefined && activity.instant < from) return false
  if (to !== undefined && activity.instant >= to) return false
  const searched = text?.toLowerCase()
  if (searched !== undefined && !textsIn(activity).some((part) => part.toLowerCase().includes(searched))) return false
  return metadata.every(({ path, value }) => isWritten(reached(activity.metadata, path), value))
}

/** The user, the action, and the names and scalars of metadata. */
const textsIn = ({ userId, action, metadata = {} }: Logged) => [userId, action, ...textsOf(metadata)]

function textsOf(value: JsonValue): string[] {
  if (value === null || typeof value !== 'object') return [String(value)]
  const names = Array.isArray(value) ? [] : Object.keys(value)
  return [...names, ...Object.values(value).flatMap(textsOf)]
}

function reached(metadata: JsonValue | undefined, [name, ...rest]: readonly string[]): JsonValue | undefined {
  if (name === undefined) return metadata
  if (Object.prototype.toString.call(metadata) !== '[object Object]') return undefined
  const member = Object.entries(metadata as JsonObject).find(([key]) => key === name)
  return member && reached(member[1], rest)
}

/** Only numbers, words and ordinary text are drawn. */
function isWritten(scalar: JsonValue | undefined, text: string): boolean {
  if (typeof scalar === 'string') return scalar === text
  if (typeof scalar === 'number') return /^-?\d/.test(text) && Number(text) === scalar
  return (typeof scalar === 'boolean' || scalar === null) && String(scalar) === text
}

/** RFC 3339 with nine digits of a second. */
export function writeInstant(nanoseconds: bigint): string {
  const ms = nanoseconds / 1_000_000n
  return new Date(Number(ms)).toISOString().replace('Z', `${String(nanoseconds % 1_000_000n).padStart(6, '0')}Z`)
}

export function parametersOf(wanted: Wanted): URLSearchParams {
  const { users = [], actions = [], excluded = [], from, to, metadata = [], text, order } = wanted
  const parameters = new URLSearchParams({ order })
  const escaped = (name: string) => name.replace(/[\\,*]|^!/g, '\\$&')
  const written = ({ name, isBeginning }: Pattern) => escaped(name) + (isBeginning ? '*' : '')
  for (const user of users) parameters.append('userId', user)
  const patterns = [...actions.map(written), ...excluded.map((pattern) => `!${written(pattern)}`)]
  if (patterns.length > 0) parameters.set('action', patterns.join())
  if (text !== undefined) parameters.set('q', text)
  if (from !== undefined) parameters.set('from', writeInstant(from))
  if (to !== undefined) parameters.set('to', writeInstant(to))
  for (const { path, value } of metadata) {
    parameters.set(`metadata.${path.map((name) => name.replace(/[\\.]/g, '\\$&')).join('.')}`, value)
  }
  return parameters
}

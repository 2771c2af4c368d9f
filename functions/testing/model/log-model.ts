import { defaultTenant } from '@activity-log/shared/activity-recorded.ts'
import type { JsonObject, JsonValue } from '@activity-log/shared/json.ts'
import { activityKey } from '@activity-log/shared/key.ts'
import type { Position } from '@activity-log/shared/receipt.ts'

/** The log as a plain array, against which lists are compared. */
export type Logged = {
  id: string
  userId: string
  action: string
  timestampMs: number
  metadata: JsonObject | undefined
  position: Position
}

/** The query of a list. */
export type Wanted = {
  userId?: string | undefined
  actions?: readonly { name: string; isBeginning: boolean }[] | undefined
  fromMs?: number | undefined
  toMs?: number | undefined
  metadata?: readonly { path: readonly string[]; value: string }[] | undefined
  order: 'asc' | 'desc'
}

export function listed(log: readonly Logged[], wanted: Wanted): Logged[] {
  const turn = wanted.order === 'asc' ? 1 : -1
  return log.filter((each) => isWanted(each, wanted)).sort((a, b) => (keyOf(a) < keyOf(b) ? -turn : turn))
}

const keyOf = ({ id, timestampMs }: Logged) => activityKey(defaultTenant, id, timestampMs)

function isWanted(activity: Logged, { userId, actions, fromMs, toMs, metadata = [] }: Wanted): boolean {
  if (userId !== undefined && activity.userId !== userId) return false
  const isAction = ({ name, isBeginning }: { name: string; isBeginning: boolean }) =>
    isBeginning ? activity.action.startsWith(name) : activity.action === name
  if (actions && !actions.some(isAction)) return false
  if (fromMs !== undefined && activity.timestampMs < fromMs) return false
  if (toMs !== undefined && activity.timestampMs >= toMs) return false
  return metadata.every(({ path, value }) => isWritten(reached(activity.metadata, path), value))
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

export function parametersOf({ userId, actions, fromMs, toMs, metadata = [], order }: Wanted): URLSearchParams {
  const parameters = new URLSearchParams({ order })
  const escaped = (name: string) => name.replace(/[\\,*]/g, '\\$&')
  const instant = (ms: number) => new Date(ms).toISOString()
  if (userId !== undefined) parameters.set('userId', userId)
  if (actions) {
    parameters.set('action', actions.map(({ name, isBeginning }) => escaped(name) + (isBeginning ? '*' : '')).join())
  }
  if (fromMs !== undefined) parameters.set('from', instant(fromMs))
  if (toMs !== undefined) parameters.set('to', instant(toMs))
  for (const { path, value } of metadata) {
    parameters.set(`metadata.${path.map((name) => name.replace(/[\\.]/g, '\\$&')).join('.')}`, value)
  }
  return parameters
}

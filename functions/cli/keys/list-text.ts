import { type AccessList, type KeptKey, msOf } from '@activity-log/shared/access/access-list.ts'
import { visible } from '../visible.ts'

export type KeyState = 'valid' | 'not valid yet' | 'expired' | 'revoked'

export function stateOf({ id, notBefore, expires }: KeptKey, { revoked }: AccessList, now: Date): KeyState {
  if (Object.hasOwn(revoked, id)) return 'revoked'
  if (notBefore !== undefined && msOf(notBefore) > now.getTime()) return 'not valid yet'
  return expires !== undefined && msOf(expires) <= now.getTime() ? 'expired' : 'valid'
}

/** A table of the keys; their hashes are of no use to a reader. */
export function listText(list: AccessList, now: Date): string {
  const head = ['id', 'name', 'tenant', 'scopes', 'state', 'created', 'expires', 'rate']
  const rows = list.keys.map((key) => [
    key.id,
    visible(key.name),
    visible(key.tenant),
    key.scopes.join(','),
    stateOf(key, list, now),
    key.created,
    key.expires ?? '-',
    key.rate === undefined ? '-' : `${key.rate}/s`,
  ])
  const table = [head, ...rows]
  const widths = head.map((_, at) => Math.max(...table.map((row) => (row[at] as string).length)))
  const lines = table.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] as number))
      .join('  ')
      .trimEnd(),
  )
  const suspended =
    list.suspended.length > 0 ? ['', `Suspended tenants: ${list.suspended.map(visible).join(', ')}`] : []
  return [...lines, ...suspended].join('\n')
}

export const listJson = (list: AccessList, now: Date): string =>
  JSON.stringify(
    list.keys.map((key) => {
      const { hash: _hash, sessionHash: _session, ...shown } = key
      return { ...shown, state: stateOf(key, list, now) }
    }),
    null,
    2,
  )

import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Access } from '../access/access.ts'
import { openAccessFile } from '../access/access-file.ts'
import { type AccessList, emptyAccessList } from '../access/access-list.ts'
import { createAccess } from '../access/authenticator.ts'
import { addKey, type Wanted } from '../access/change-list.ts'
import type { Caller } from '../http/route.ts'
import { silent } from './builders.ts'
import { aFolder } from './processes.ts'

/** Replaces a file at once, as Kubernetes and the command do. */
export function writeAccess(path: string, list: AccessList): void {
  writeFileSync(`${path}.new`, JSON.stringify(list))
  renameSync(`${path}.new`, path)
}

/** An access file with a key for each entry. */
export function anAccessFile<Name extends string>(
  wanted: { readonly [name in Name]: Partial<Wanted> },
  others: Partial<Omit<AccessList, 'keys'>> = {},
) {
  let list: AccessList = { ...emptyAccessList, ...others }
  const keys = {} as { [name in Name]: string }
  const ids = {} as { [name in Name]: string }
  for (const name of Object.keys(wanted) as Name[]) {
    const added = addKey(list, { name, tenant: 'default', scopes: ['write', 'read'], ...wanted[name] }, new Date())
    list = added.list
    keys[name] = added.key.text
    ids[name] = added.key.id
  }
  const path = join(aFolder(), 'access.json')
  writeAccess(path, list)
  return { path, list, keys, ids }
}

export function accessOf(path: string, { log = silent, clock = () => performance.now(), now = Date.now } = {}): Access {
  return createAccess({ file: openAccessFile({ path, log, clock }), log, now, clock })
}

/** Takes everybody for the same caller, whatever they send. */
export const accessAs = (caller: Caller, tenants: readonly string[] = []): Access => ({
  authenticate: () => caller,
  isSuspended: () => false,
  tenants: () => tenants,
  metrics: () => '',
  signIn: () => undefined,
  signedIn: () => undefined,
  onFirstSeen() {},
  onTurnedAway() {},
})

export const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

import { type AccessConfig, accessFileOf } from '../access-config.ts'
import type { Log } from '../log.ts'
import type { Access } from './access.ts'

/** Opens the access file that the environment names. Undefined if everybody may do everything. */
export async function openAccess(config: AccessConfig, log: Log): Promise<Access | undefined> {
  const path = accessFileOf(config)
  if (path === undefined) return undefined
  // a log without keys starts without it
  const { createAccess } = await import('./authenticator.ts')
  const { openAccessFile } = await import('./access-file.ts')
  return createAccess({ file: openAccessFile({ path, log }), log, now: Date.now })
}

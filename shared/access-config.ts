import * as v from 'valibot'
import type { ConfigRule } from './config.ts'

/** The variables of every process that serves the log. */
export const accessEntries = {
  ACCESS: v.optional(v.picklist(['open', 'keys'], 'must be open or keys')),
  ACCESS_FILE: v.optional(v.string()),
}

export type AccessConfig = { ACCESS?: 'open' | 'keys' | undefined; ACCESS_FILE?: string | undefined }

/** The file with the keys, unless everybody may do everything. */
export const accessFileOf = ({ ACCESS, ACCESS_FILE }: AccessConfig): string | undefined =>
  ACCESS === 'open' ? undefined : ACCESS_FILE

/** Whoever reaches a log without keys reads and writes everything, so only this machine may reach it unasked. */
export const accessRule: ConfigRule = ({ ACCESS, ACCESS_FILE, HOST = 'localhost' }) => {
  if (ACCESS === 'keys' && !ACCESS_FILE)
    return ['ACCESS_FILE is required with ACCESS=keys: it names the file of the keys']
  if (ACCESS || ACCESS_FILE || isThisMachine(HOST)) return []
  return [
    `ACCESS is required, since others reach HOST=${HOST}: ACCESS_FILE names a file of keys, and ACCESS=open lets ` +
      'everybody who reaches the port read and write everything',
  ]
}

const isThisMachine = (host: string) =>
  /^\s*(?:localhost|127(?:\.\d{1,3}){3}|\[?(?:::ffff:127(?:\.\d{1,3}){3}|::1)\]?)\s*$/i.test(host)

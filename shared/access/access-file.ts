import { type BigIntStats, closeSync, fstatSync, openSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError } from '../config.ts'
import type { Log } from '../log.ts'
import { createLimitedLog } from '../rate-limited-log.ts'
import { withoutSecrets } from '../without-secrets.ts'
import { type AccessList, maxFileBytes, readAccessList } from './access-list.ts'

/** The file in a folder, which is how Kubernetes mounts a Secret. */
export const nameInFolder = 'access.json'

/** How often to look whether the file has changed. */
const lookEveryMs = 1000

export type AccessFileOptions = {
  /** The file, or the folder of a file access.json. */
  path: string
  log: Pick<Log, 'info' | 'error'>
  /** A clock in milliseconds that is never set back. */
  clock?: () => number
}
export type AccessFile = {
  /** What the file says, or said when it could be read last. Looks at the file at most once a second. */
  current(): AccessList
  /** How often a changed file could not be used. */
  failures(): number
}

/**
 * Reads the file, and again when it has changed. A changed file that cannot be used changes nothing: the old keys stay,
 * since a typo must not lock everybody out. Throws a ConfigError if the file cannot be used at the start.
 */
export function openAccessFile({ path, log: whole, clock = () => performance.now() }: AccessFileOptions): AccessFile {
  const log = createLimitedLog(whole)
  let looked = clock()
  let failures = 0
  const first = read(path)
  if ('wrong' in first) {
    const next = first.version === '' && first.wrong.includes('ENOENT') ? '; activity-log keys create makes it' : ''
    // somebody may have set it to a key
    throw new ConfigError(withoutSecrets(`Invalid configuration:\n  ACCESS_FILE ${path} ${first.wrong}${next}`))
  }
  let { list, version } = first

  function look() {
    const seen = versionOf(path)
    if (seen === version) return
    version = seen
    const changed = seen === '' ? { wrong: 'is not there', version: seen } : read(path)
    version = changed.version
    if ('wrong' in changed) {
      failures++
      log.error({ file: path, reason: changed.wrong }, 'the access file cannot be used; the old keys stay')
      return
    }
    list = changed.list
    log.info({ file: path, keys: list.keys.length }, 'the access file was read again')
  }

  return {
    current() {
      const at = clock()
      if (at - looked >= lookEveryMs) {
        looked = at
        look()
      }
      return list
    },
    failures: () => failures,
  }
}

type Read = { version: string } & ({ list: AccessList } | { wrong: string })

function read(path: string): Read {
  let version = ''
  let descriptor: number | undefined
  try {
    const file = fileOf(path)
    // opening a pipe would wait for its other end
    if (!statSync(file).isFile()) return { version: versionOf(path), wrong: 'is not a file' }
    descriptor = openSync(file, 'r')
    const stat = fstatSync(descriptor, { bigint: true })
    version = textOf(stat)
    if (stat.size > maxFileBytes) return { version, wrong: `is larger than ${maxFileBytes} bytes` }
    const list = readAccessList(readFileSync(descriptor, 'utf8'))
    return typeof list === 'string' ? { version, wrong: list } : { version, list }
  } catch (error) {
    return { version, wrong: `cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})` }
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

const fileOf = (path: string) => (statSync(path).isDirectory() ? join(path, nameInFolder) : path)

/** Changes whenever the file does; empty if there is none. */
function versionOf(path: string): string {
  try {
    return textOf(statSync(fileOf(path), { bigint: true }))
  } catch {
    return ''
  }
}

const textOf = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats) => `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`

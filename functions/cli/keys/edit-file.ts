import {
  chmodSync,
  chownSync,
  closeSync,
  fsyncSync,
  lstatSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { nameInFolder } from '@activity-log/shared/access/access-file.ts'
import {
  type AccessList,
  emptyAccessList,
  maxFileBytes,
  readAccessList,
} from '@activity-log/shared/access/access-list.ts'
import { StartError } from '@activity-log/shared/config.ts'

/** Standard input, from which a file is only read. */
export const standardInput = '-'

/** The access file as it is; one that does not exist has no keys. */
export type OpenedFile = { list: AccessList; write(list: AccessList): void }

/** Reads the access file, or the one in a folder. Throws a StartError if it is not one. */
export function openFile(path: string, { mayBeNew = false } = {}): OpenedFile {
  const file = path === standardInput ? path : fileOf(path)
  const text = textOf(file)
  const list = text.trim() === '' && (mayBeNew || path !== standardInput) ? emptyAccessList : readAccessList(text)
  if (typeof list === 'string') throw new StartError(`${file} ${list}`)
  if (text === '' && !mayBeNew) throw new StartError(`${file} does not exist; keys create makes it.`)
  return {
    list,
    write(changed) {
      const next = accessText(changed)
      const wrong =
        Buffer.byteLength(next) > maxFileBytes ? `is larger than ${maxFileBytes} bytes` : readAccessList(next)
      // no log would read it
      if (typeof wrong === 'string') throw new StartError(`${file} ${wrong} then, so nothing was changed.`)
      if (file !== standardInput) replace(file, text, next)
    },
  }
}

/** One key a line, so that a change of one key is a change of one line. */
export function accessText({ keys, ...others }: AccessList): string {
  const lines = keys.map((key) => `    ${JSON.stringify(key)}`).join(',\n')
  return `{\n  "keys": [${lines && `\n${lines}\n  `}],\n${JSON.stringify(others, null, 2).slice(2)}\n`
}

/**
 * Follows links, since a log reads what they lead to; a link to nothing is not replaced, nor is a device such as
 * /dev/null, which all programs would lose.
 */
function fileOf(path: string): string {
  try {
    const file = statSync(path, { throwIfNoEntry: false })?.isDirectory() ? join(path, nameInFolder) : path
    const isOther = statSync(file, { throwIfNoEntry: false })?.isFile() === false
    if (isOther) throw new StartError(`${file} is not a file`)
    return lstatSync(file, { throwIfNoEntry: false }) ? realpathSync(file) : file
  } catch (error) {
    throw error instanceof StartError ? error : cannotBeRead(path, error)
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file === standardInput ? 0 : file, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return ''
    throw cannotBeRead(file, error)
  }
}

/**
 * A process that reads the file sees the old one or the new one, also after a power failure. The new one is written
 * under a name that one process alone can take, so that no change is lost that another command makes at the same time.
 */
function replace(file: string, former: string, text: string): void {
  const next = join(dirname(file), `.${basename(file)}.new`)
  const descriptor = take(file, next)
  try {
    try {
      if (textOf(file) !== former) throw new StartError(changedMeanwhile(file))
      writeFileSync(descriptor, text)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    keepReaders(file, next)
    renameSync(next, file)
  } catch (error) {
    rmSync(next, { force: true })
    throw error instanceof StartError ? error : cannotBeWritten(file, error)
  }
  syncFolder(dirname(file))
}

/** A power failure could otherwise bring the old file back, and with it a key that was revoked. */
function syncFolder(folder: string): void {
  try {
    const descriptor = openSync(folder, 'r')
    try {
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
  } catch {
    // the file is changed; Windows and some file systems sync no folders
  }
}

/**
 * A log that runs as another user still has to read the file: if it could not, it would keep the old keys, and with them
 * one that was revoked. A file that did not exist is for its owner alone.
 */
function keepReaders(file: string, next: string): void {
  const former = statSync(file, { throwIfNoEntry: false })
  if (!former) return
  // only root may give a file away
  if (process.getuid) chownSync(next, process.getuid() === 0 ? former.uid : -1, former.gid)
  chmodSync(next, former.mode & 0o777)
}

function take(file: string, next: string): number {
  try {
    return openSync(next, 'wx', 0o600)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw cannotBeWritten(file, error)
    throw new StartError(`${changedMeanwhile(file)} If no other command is running, delete ${next} first.`)
  }
}

const changedMeanwhile = (file: string) =>
  `${file} was changed at the same time, so nothing was changed. Run the command again.`

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code

const cannotBeRead = (file: string, cause: unknown) =>
  new StartError(`${file} cannot be read (${codeOf(cause)})`, { cause })

const cannotBeWritten = (file: string, cause: unknown) =>
  new StartError(`${file} cannot be written (${codeOf(cause)})`, { cause })

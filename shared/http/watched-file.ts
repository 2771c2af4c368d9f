import { readFile, stat } from 'node:fs/promises'
import type { Log } from '../log.ts'
import { createLimitedLog } from '../rate-limited-log.ts'

export type WatchedFileOptions<Content> = {
  /** Throws if the text is not valid; the message completes the sentence "the file …". */
  parse: (text: string) => Content
  maxBytes: number
  log: Pick<Log, 'info' | 'warn'>
  /** Milliseconds that never go back. */
  now?: () => number
}

export type WatchedFile<Content> = {
  /** The last valid content, or undefined if there never was any. Looks at the file at most once a second. */
  current(): Promise<Content | undefined>
  /** Reads the file now, even if it seems to be the same. */
  readAgain(): Promise<Content | undefined>
}

const everyMs = 1_000

/**
 * Follows a file that somebody else replaces, such as a key of a mounted ConfigMap or Secret, or a projected token. It
 * is looked at when its content is asked for, so an idle process does nothing. While the file is missing or not valid,
 * the last valid content stays, and the log says why.
 */
export function watchFile<Content>(path: string, options: WatchedFileOptions<Content>): WatchedFile<Content> {
  const { parse, maxBytes, now = () => performance.now() } = options
  const log = createLimitedLog(options.log)
  let content: Content | undefined
  let seen = ''
  let lookedAt = Number.NEGATIVE_INFINITY
  let looking: Promise<void> | undefined

  async function look(always: boolean) {
    try {
      const { size, mtimeMs, ino } = await stat(path)
      // a mounted folder is replaced as a whole, so the file behind the path is another one
      const version = `${ino} ${size} ${mtimeMs}`
      if (version === seen && !always) return
      if (size > maxBytes) throw new Error(`is larger than ${maxBytes} bytes`)
      const next = parse(await readFile(path, 'utf8'))
      const isFirst = content === undefined
      content = next
      seen = version
      if (!isFirst && !always) log.info({ file: path }, 'a file was read again, because it changed')
    } catch (error) {
      const fact = content === undefined ? 'a file cannot be used' : 'a file cannot be used; its last content stays'
      log.warn({ file: path, err: error }, fact)
    }
  }

  /** Looks that overlap share one, so that an earlier content never replaces a later one. */
  function lookOnce(always: boolean): Promise<void> {
    lookedAt = now()
    looking ??= look(always).finally(() => {
      looking = undefined
    })
    return looking
  }

  return {
    async current() {
      if (now() - lookedAt >= everyMs) await lookOnce(false)
      // the first content may still be on its way
      else if (content === undefined) await looking
      return content
    },
    async readAgain() {
      await looking
      await lookOnce(true)
      return content
    },
  }
}

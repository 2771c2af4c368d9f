import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { createGunzip } from 'node:zlib'
import { StartError } from '@activity-log/shared/config.ts'

export type OpenFile = {
  /** The inflated content of the file. Throws a StartError that says what a file of another type is. */
  chunks: AsyncIterable<Uint8Array>
  /** The size of the file and how much of it has been read, as it is on disk. */
  size: number
  bytesRead: () => number
  /** Whether the file has changed since it was opened. */
  hasChanged: () => Promise<boolean>
}

/** Gzip may inflate to a thousand times of this. */
const readAtOnce = 16 * 1024

const gzipName = /\.gz$/i

/** The name of a file without its folder and .gz, which a compressed copy has as well. */
export const baseName = (file: string) => (file.split(/[/\\]/).at(-1) ?? file).replace(gzipName, '')

export async function openFile(file: string): Promise<OpenFile> {
  const before = await stat(file).catch((error) => {
    throw unreadable(file, error)
  })
  if (before.isDirectory()) throw new StartError(`${file} is a folder; name a file in it.`)
  const start = before.isFile()
    ? await firstBytes(file).catch((error) => {
        throw unreadable(file, error)
      })
    : undefined
  const isGzip = start === undefined ? gzipName.test(file) : start[0] === 0x1f && start[1] === 0x8b
  if (start && start.length > 0 && gzipName.test(file) && !isGzip) {
    throw new StartError(`${file} is named .gz, but it is not gzip; name it without .gz.`)
  }
  const source = createReadStream(file, { highWaterMark: readAtOnce })

  async function* chunks() {
    try {
      yield* isGzip ? inflated(source) : (source as AsyncIterable<Uint8Array>)
    } catch (cause) {
      const { code = '' } = cause as NodeJS.ErrnoException
      if (!code.startsWith('Z_')) throw unreadable(file, cause)
      const fault = code === 'Z_BUF_ERROR' ? 'is gzip that ends early' : 'is damaged, or not gzip to its end'
      throw new StartError(`${file} ${fault}; what could be read before that was sent.`, { cause })
    }
  }

  async function hasChanged() {
    const { size, mtimeMs } = await stat(file)
    return before.isFile() && (size !== before.size || mtimeMs !== before.mtimeMs || source.bytesRead !== size)
  }
  return { chunks: chunks(), size: before.size, bytesRead: () => source.bytesRead, hasChanged }
}

/** It may belong to another user, or its disk may fail. */
const unreadable = (file: string, cause: unknown) =>
  new StartError(`${file} cannot be read (${(cause as Error).message}).`, { cause })

/** Yields all that could be inflated before it throws: the iterator of a stream drops what waits when it fails. */
async function* inflated(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip()
  const ready: Uint8Array[] = []
  let failure: Error | undefined
  gunzip.on('data', (chunk: Uint8Array) => ready.push(chunk))
  gunzip.on('error', (error) => {
    failure = error
  })
  const closed = new Promise((resolve) => gunzip.once('close', resolve))
  try {
    for await (const chunk of source) {
      const written = new Promise((resolve) => gunzip.write(chunk, resolve))
      await Promise.race([written, closed])
      yield* ready.splice(0)
      if (failure) throw failure
    }
    gunzip.end()
    await closed
    yield* ready
    if (failure) throw failure
  } finally {
    gunzip.destroy()
  }
}

async function firstBytes(file: string): Promise<Uint8Array> {
  await using handle = await open(file)
  const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(2) })
  return buffer.subarray(0, bytesRead)
}

import { pipeline, Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import { parseAccept } from 'hono/utils/accept'

/** Whether a client would rather have it compressed (RFC 9110, section 12.5.3). */
export function prefersGzip(acceptEncoding: string | undefined): boolean {
  const accepted = parseAccept(acceptEncoding ?? '').map(({ type, q }) => ({ name: type.toLowerCase(), q }))
  const quality = (...names: string[]) => accepted.find(({ name }) => names.includes(name))?.q
  const gzip = quality('gzip', 'x-gzip') ?? quality('*') ?? 0
  return gzip > 0 && gzip >= (quality('identity') ?? 0)
}

/** What fails or is given up before its end has no end here either: no trailer is written. */
export async function* gzip(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  // what it fails with is thrown below
  const compressed = pipeline(
    Readable.from(parts, { objectMode: false, highWaterMark: 1 }),
    createGzip({ level: 4 }),
    () => {},
  )
  yield* compressed
}

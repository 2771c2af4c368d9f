import { pipeline, Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import { parseAccept } from 'hono/utils/accept'

/** Whether the client prefers a compressed answer (RFC 9110, section 12.5.3). */
export function prefersGzip(acceptEncoding: string | undefined): boolean {
  const accepted = parseAccept(acceptEncoding ?? '').map(({ type, q }) => ({ name: type.toLowerCase(), q }))
  const quality = (...names: string[]) => accepted.find(({ name }) => names.includes(name))?.q
  const gzip = quality('gzip', 'x-gzip') ?? quality('*') ?? 0
  return gzip > 0 && gzip >= (quality('identity') ?? 0)
}

/** Compresses a stream. If `parts` fail or the reader stops early, no trailer is written, so nothing looks complete. */
export async function* gzip(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  // an error is thrown by the yield* below
  const compressed = pipeline(
    Readable.from(parts, { objectMode: false, highWaterMark: 1 }),
    createGzip({ level: 4 }),
    () => {},
  )
  yield* compressed
}

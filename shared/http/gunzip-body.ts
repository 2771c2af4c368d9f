import { gunzipSync } from 'node:zlib'
import { type BodyRoom, type Done, largeBytes } from './body-room.ts'
import { Problem } from './problem.ts'

/**
 * Returns whether a body is gzip by its Content-Encoding. Throws a 415 for any other encoding, and for several, since
 * each could multiply the size again.
 */
export function isGzip(contentEncoding: string | undefined): boolean {
  if (contentEncoding === undefined) return false
  const encoding = contentEncoding.trim().toLowerCase()
  if (encoding === 'gzip' || encoding === 'x-gzip') return true
  if (encoding === '' || encoding === 'identity') return false
  const detail = `The content encoding ${contentEncoding} is not supported; send the body as gzip or uncompressed.`
  throw new Problem('unsupported-media-type', detail, { headers: { 'accept-encoding': 'gzip, identity' } })
}

/**
 * Inflates a body, unless that makes it larger than `maxBytes`. It does so at once: the limit is a few MiB, and bodies
 * that were inflated side by side would each need that much memory. One that becomes large, which may be tiny before,
 * first waits for its turn, unless it has it already. `onTurn` receives what ends the turn.
 */
export async function gunzipBody(
  body: Uint8Array,
  maxBytes: number,
  { room, hasTurn, onTurn }: { room?: BodyRoom | undefined; hasTurn: boolean; onTurn: (done: Done) => void },
): Promise<Uint8Array> {
  const now = hasTurn ? maxBytes : Math.min(maxBytes, largeBytes)
  const small = inflated(body, now)
  if (small) return small
  if (maxBytes > now) {
    if (room) onTurn(await room.nextTurn())
    const large = inflated(body, maxBytes)
    if (large) return large
  }
  throw new Problem('too-large', `The body is larger than ${maxBytes} bytes once it is inflated.`)
}

/** Undefined if it has more than `maxBytes` then. */
function inflated(body: Uint8Array, maxBytes: number): Uint8Array | undefined {
  try {
    const { buffer, engine } = inflate(body, maxBytes)
    // zero bytes may follow as padding; Node ignores whatever else is too short to be a member
    if (body.subarray(engine.bytesWritten).every((byte) => byte === 0)) return buffer
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ERR_BUFFER_TOO_LARGE') return undefined
    throw broken(code === 'Z_BUF_ERROR' ? 'ends early' : 'is damaged, or is not gzip', cause)
  }
  throw broken('has something behind its end that is not gzip')
}

type Inflated = { buffer: Buffer; engine: { bytesWritten: number } }
/** The types of Node do not know what `info` returns. */
const inflate = (body: Uint8Array, maxBytes: number) =>
  gunzipSync(body, { maxOutputLength: maxBytes, info: true }) as unknown as Inflated

const broken = (detail: string, cause?: unknown) =>
  new Problem('invalid-input', `The body was sent with content-encoding: gzip, but it ${detail}.`, { cause })

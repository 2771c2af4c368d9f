import { promisify } from 'node:util'
import { gunzip, gunzipSync, type ZlibOptions } from 'node:zlib'
import { type Done, largeBytes } from './body-room.ts'
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

/** A larger body is inflated in another thread: few bytes can take long, even if they become none. */
const maxBytesAtOnce = 4 * 1024

export type GunzipOptions = {
  /** Undefined if nobody else has to wait. */
  nextTurn?: (() => Promise<Done>) | undefined
  hasTurn: boolean
  onTurn: (done: Done) => void
}

/**
 * Inflates a body, unless that makes it larger than `maxBytes`. Those that become large are inflated one after another,
 * since each needs a few MiB: one that is tiny before first waits for its turn, unless it has it already. `onTurn`
 * receives what ends the turn.
 */
export async function gunzipBody(
  body: Uint8Array,
  maxBytes: number,
  { nextTurn, hasTurn, onTurn }: GunzipOptions,
): Promise<Uint8Array> {
  const now = hasTurn ? maxBytes : Math.min(maxBytes, largeBytes)
  const small = await inflated(body, now)
  if (small) return small
  if (maxBytes > now) {
    if (nextTurn) onTurn(await nextTurn())
    const large = await inflated(body, maxBytes)
    if (large) return large
  }
  throw new Problem('too-large', `The body is larger than ${maxBytes} bytes once it is inflated.`)
}

/** Undefined if it has more than `maxBytes` then. */
async function inflated(body: Uint8Array, maxBytes: number): Promise<Uint8Array | undefined> {
  const options = { maxOutputLength: maxBytes, info: true }
  try {
    const whole = body.byteLength > maxBytesAtOnce ? await gunzipElsewhere(body, options) : gunzipSync(body, options)
    const { buffer, engine } = whole as unknown as Inflated
    // zero bytes may follow as padding; Node ignores whatever else is too short to be a member
    if (isZero(body.subarray(engine.bytesWritten))) return buffer
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ERR_BUFFER_TOO_LARGE') return undefined
    throw broken(code === 'Z_BUF_ERROR' ? 'ends early' : 'is damaged, or is not gzip', cause)
  }
  throw broken('has something behind its end that is not gzip')
}

/** The types of Node do not know what `info` returns. */
type Inflated = { buffer: Buffer; engine: { bytesWritten: number } }
const gunzipElsewhere = promisify<Uint8Array, ZlibOptions, unknown>(gunzip)

/** A loop takes an eighth of the time of `every`, for what may be a few MiB. */
function isZero(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at++) if (bytes[at] !== 0) return false
  return true
}

const broken = (detail: string, cause?: unknown) =>
  new Problem('invalid-input', `The body was sent with content-encoding: gzip, but it ${detail}.`, { cause })

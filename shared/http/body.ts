import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { type Headers, utf8 } from '../cloud-event.ts'
import { Problem } from './problem.ts'

/** A request whose body is still to be read, wherever it comes from. */
export type Incoming = {
  header(lowerCaseName: string): string | undefined
  headers(): Headers
  /** The body, refused as soon as it is known to be larger than `maxBytes`: by its declared length, else while it is read. */
  bytes(maxBytes: number): Promise<Uint8Array>
}

/** From a Request. */
export function incomingOf(request: Request): Incoming {
  const { headers } = request
  const header = (name: string) => headers.get(name) ?? undefined
  return {
    header,
    headers: () => Object.fromEntries(headers),
    async bytes(maxBytes) {
      const declared = header('content-length')
      refuseUnread(header('content-encoding'), declared, maxBytes)
      // the fast way; only a body without a declared length has to be counted as it comes
      if (declared !== undefined) return new Uint8Array(await request.arrayBuffer().catch(throwNotInFull))
      if (request.body === null) return new Uint8Array()
      return readStream(Readable.fromWeb(request.body as WebStream, oneByOne), maxBytes)
    },
  }
}
type WebStream = Parameters<typeof Readable.fromWeb>[0]
/** Nothing is read ahead: it may be too large already. */
const oneByOne = { highWaterMark: 1 }

/** The same from its socket; its length has to be declared. */
export function incomingFrom(request: IncomingMessage): Incoming {
  const headers = request.headers as Headers
  return {
    header: (name) => headers[name],
    headers: () => headers,
    bytes(maxBytes) {
      refuseUnread(headers['content-encoding'], headers['content-length'], maxBytes)
      return readStream(request, maxBytes)
    },
  }
}

/** As `bytes`, for text: UTF-8 without exceptions, since a replaced byte would be a changed value. */
export async function readText(incoming: Incoming, maxBytes: number): Promise<string> {
  const text = utf8(await incoming.bytes(maxBytes))
  if (text === undefined) throw new Problem('invalid-input', 'The body is not valid UTF-8.')
  return text
}

/** What its headers say is enough. */
function refuseUnread(encoding: string | undefined, declared: string | undefined, maxBytes: number) {
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    const detail = `The content encoding ${encoding} is not supported; send the body plain.`
    throw new Problem('unsupported-media-type', detail, { headers: { 'accept-encoding': 'identity' } })
  }
  if (declared !== undefined && Number(declared) > maxBytes) throw tooLarge(maxBytes)
}

function readStream(stream: Readable, maxBytes: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = []
    let bytes = 0
    const onData = (chunk: Uint8Array) => {
      bytes += chunk.byteLength
      chunks.push(chunk)
      if (bytes <= maxBytes) return
      // more than was declared, or nothing was
      stream.off('data', onData).pause()
      reject(tooLarge(maxBytes))
    }
    stream.on('data', onData)
    stream.once('end', () => resolve(chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks)))
    stream.once('error', (error) => reject(notInFull(error)))
    // after each stream, so nothing is made of it unless it matters
    stream.once('close', () => {
      if (!stream.readableEnded) reject(notInFull(new Error('The connection was closed')))
    })
  })
}

const notInFull = (cause: unknown) => new Problem('invalid-input', 'The body did not arrive in full.', { cause })
function throwNotInFull(cause: unknown): never {
  throw notInFull(cause)
}

/** The rest of the body is not read: the connection is of no more use. */
export function tooLarge(maxBytes: number): Problem {
  return new Problem('too-large', `The body is larger than ${maxBytes} bytes.`, { headers: { connection: 'close' } })
}

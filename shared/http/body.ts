import type { IncomingMessage } from 'node:http'
import type { Context } from 'hono'
import { type Headers, utf8 } from '../cloud-event.ts'
import { Problem } from './problem.ts'

/** A request whose body is still to be read, wherever it comes from. */
export type Incoming = {
  header(lowerCaseName: string): string | undefined
  headers(): Headers
  /** The body; see `readBytes`. */
  bytes(maxBytes: number): Promise<Uint8Array>
}

export const incomingOf = (c: Context): Incoming => ({
  header: (name) => c.req.header(name),
  headers: () => c.req.header(),
  bytes: (maxBytes) => readBytes(c, maxBytes),
})

/** The same from its socket; its length has to be declared. */
export function incomingFrom(request: IncomingMessage): Incoming {
  const headers = request.headers as Headers
  return {
    header: (name) => headers[name],
    headers: () => headers,
    bytes(maxBytes) {
      refuseUnread(headers['content-encoding'], headers['content-length'], maxBytes)
      return readMessage(request, maxBytes)
    },
  }
}

/** The body, refused as soon as it is known to be larger than `maxBytes`: by its declared length, else while it is read. */
export async function readBytes(c: Context, maxBytes: number): Promise<Uint8Array> {
  const declared = c.req.header('content-length')
  refuseUnread(c.req.header('content-encoding'), declared, maxBytes)
  try {
    // arrayBuffer() is the fast way; only a body without a declared length has to be counted as it comes
    return declared === undefined ? await readCounted(c, maxBytes) : new Uint8Array(await c.req.arrayBuffer())
  } catch (error) {
    if (error instanceof Problem) throw error
    throw notInFull(error)
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

function readMessage(request: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = []
    let bytes = 0
    const onData = (chunk: Uint8Array) => {
      bytes += chunk.byteLength
      chunks.push(chunk)
      if (bytes <= maxBytes) return
      // more than was declared, or nothing was
      request.off('data', onData).pause()
      reject(tooLarge(maxBytes))
    }
    request.on('data', onData)
    request.once('end', () => resolve(chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks)))
    request.once('error', (error) => reject(notInFull(error)))
    // after each request, so nothing is made of it unless it matters
    request.once('close', () => {
      if (!request.readableEnded) reject(notInFull(new Error('The connection was closed')))
    })
  })
}

async function readCounted(c: Context, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of c.req.raw.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) throw tooLarge(maxBytes)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

const notInFull = (cause: unknown) => new Problem('invalid-input', 'The body did not arrive in full.', { cause })

/** The rest of the body is not read: the connection is of no more use. */
export function tooLarge(maxBytes: number): Problem {
  return new Problem('too-large', `The body is larger than ${maxBytes} bytes.`, { headers: { connection: 'close' } })
}

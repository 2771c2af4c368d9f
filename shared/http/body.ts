import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { type Headers, utf8 } from '../cloud-event.ts'
import type { BodyRoom } from './body-room.ts'
import { Problem } from './problem.ts'

/** A request whose body has not been read yet, from either transport. */
export type Incoming = {
  header(lowerCaseName: string): string | undefined
  headers(): Headers
  /** Reads the body, unless it is larger than `maxBytes`: by its declared length, or by what has arrived so far. */
  bytes(maxBytes: number): Promise<Uint8Array>
}

/** Wraps a Request. Its body is read from the socket, if it came through one. */
export function incomingOf(request: Request, socket?: IncomingMessage, room?: BodyRoom): Incoming {
  const { headers } = request
  const header = (name: string) => headers.get(name) ?? undefined
  return {
    header,
    headers: () => Object.fromEntries(headers),
    async bytes(maxBytes) {
      const declared = header('content-length')
      rejectByHeaders(header('content-encoding'), declared, maxBytes)
      if (socket) return readStream(socket, maxBytes, room)
      // the fast path: only a body without a declared length has to be counted while it arrives
      if (declared !== undefined) return new Uint8Array(await request.arrayBuffer().catch(throwNotInFull))
      if (request.body === null) return new Uint8Array()
      return readStream(Readable.fromWeb(request.body as WebStream, oneByOne), maxBytes)
    },
  }
}
type WebStream = Parameters<typeof Readable.fromWeb>[0]
/** Reads nothing ahead, since the body may already be too large. */
const oneByOne = { highWaterMark: 1 }

/** Wraps a request on its socket. */
export function incomingFrom(request: IncomingMessage, room?: BodyRoom): Incoming {
  const headers = request.headers as Headers
  return {
    header: (name) => headers[name],
    headers: () => headers,
    bytes(maxBytes) {
      rejectByHeaders(headers['content-encoding'], headers['content-length'], maxBytes)
      return readStream(request, maxBytes, room)
    },
  }
}

/** Reads the body as text. It rejects invalid UTF-8, since a replacement character would change a value. */
export async function readText(incoming: Incoming, maxBytes: number): Promise<string> {
  const text = utf8(await incoming.bytes(maxBytes))
  if (text === undefined) throw new Problem('invalid-input', 'The body is not valid UTF-8.')
  return text
}

/** Rejects a body that its headers show to be encoded or too large. */
function rejectByHeaders(encoding: string | undefined, declared: string | undefined, maxBytes: number) {
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    const detail = `The content encoding ${encoding} is not supported; send the body uncompressed.`
    throw new Problem('unsupported-media-type', detail, { headers: { 'accept-encoding': 'identity' } })
  }
  if (declared !== undefined && Number(declared) > maxBytes) throw tooLarge(maxBytes)
}

function readStream(stream: Readable, maxBytes: number, room?: BodyRoom): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = []
    let bytes = 0
    const fail = (problem: Problem) => {
      stream.off('data', onData).pause()
      // the rest of the body may take a while to arrive, or to be discarded
      chunks.length = 0
      arriving?.release()
      reject(problem)
    }
    const arriving = room?.open(fail)
    const onData = (chunk: Uint8Array) => {
      bytes += chunk.byteLength
      chunks.push(chunk)
      // the client sent more than it declared, or declared nothing
      if (bytes > maxBytes) fail(tooLarge(maxBytes))
      else arriving?.add(chunk.byteLength)
    }
    stream.on('data', onData)
    const finish = () => {
      arriving?.release()
      resolve(chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks))
    }
    stream.once('end', () => {
      const turn = arriving?.turn()
      if (turn) void turn.then(finish)
      else finish()
    })
    stream.once('error', (error) => fail(notInFull(error)))
    // every stream emits close, so the error is created only when it is needed
    stream.once('close', () => {
      if (!stream.readableEnded) fail(notInFull(new Error('The connection was closed')))
    })
  })
}

const notInFull = (cause: unknown) => new Problem('invalid-input', 'The body did not arrive in full.', { cause })
function throwNotInFull(cause: unknown): never {
  throw notInFull(cause)
}

/** Closes the connection, since the rest of the body is not read. */
export function tooLarge(maxBytes: number): Problem {
  return new Problem('too-large', `The body is larger than ${maxBytes} bytes.`, { headers: { connection: 'close' } })
}

import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { type Headers, utf8 } from '../cloud-event.ts'
import type { ArrivingBody, BodyRoom } from './body-room.ts'
import { gunzipBody, isGzip } from './gunzip-body.ts'
import { Problem } from './problem.ts'

/** A request whose body has not been read yet, from either transport. */
export type Incoming = {
  header(lowerCaseName: string): string | undefined
  headers(): Headers
  /**
   * Reads the body, unless it is larger than `maxBytes`: by its declared length, by what has arrived so far, or once it
   * is inflated.
   */
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
      const gzip = isGzip(header('content-encoding'))
      rejectBySize(declared, maxBytes)
      const bytes = await sent()
      return gzip ? gunzipBody(bytes, maxBytes) : bytes

      async function sent(): Promise<Uint8Array> {
        if (socket) return readStream(socket, { maxBytes, declared, room })
        // the fast path: only a body without a declared length has to be counted while it arrives
        if (declared !== undefined) return new Uint8Array(await request.arrayBuffer().catch(throwNotInFull))
        if (request.body === null) return new Uint8Array()
        return readStream(Readable.fromWeb(request.body as WebStream, oneByOne), { maxBytes })
      }
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
    async bytes(maxBytes) {
      const gzip = isGzip(headers['content-encoding'])
      rejectBySize(headers['content-length'], maxBytes)
      const sent = readStream(request, { maxBytes, declared: headers['content-length'], room })
      return gzip ? sent.then((bytes) => gunzipBody(bytes, maxBytes)) : sent
    },
  }
}

/** Wraps a body that is there already. Header names are in lower case. */
export const incomingFromBytes = (headers: Headers, body: Uint8Array): Incoming => ({
  header: (name) => headers[name],
  headers: () => headers,
  async bytes(maxBytes) {
    if (body.byteLength > maxBytes) throw tooLarge(maxBytes)
    return isGzip(headers['content-encoding']) ? gunzipBody(body, maxBytes) : body
  },
})

/** Reads the body as text. It rejects invalid UTF-8, since a replacement character would change a value. */
export async function readText(incoming: Incoming, maxBytes: number): Promise<string> {
  const text = utf8(await incoming.bytes(maxBytes))
  if (text === undefined) throw notUtf8()
  return text
}

export const notUtf8 = () => new Problem('invalid-input', 'The body is not valid UTF-8.')

function rejectBySize(declared: string | undefined, maxBytes: number) {
  if (declared !== undefined && Number(declared) > maxBytes) throw tooLarge(maxBytes)
}

type Limits = { maxBytes: number; declared?: string | undefined; room?: BodyRoom | undefined }

function readStream(stream: Readable, { maxBytes, declared, room }: Limits): Promise<Uint8Array> {
  const whole = Number(declared)
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
    let arriving: ArrivingBody | undefined
    const onData = (chunk: Uint8Array) => {
      bytes += chunk.byteLength
      chunks.push(chunk)
      // the client sent more than it declared, or declared nothing
      if (bytes > maxBytes) return fail(tooLarge(maxBytes))
      // most bodies arrive in one piece, which has no other to wait for
      if (!arriving && bytes === whole) return
      arriving ??= room?.open(fail)
      arriving?.add(chunk.byteLength)
    }
    const finish = () => {
      arriving?.release()
      resolve(chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks))
    }
    // listeners that stay are cheaper than those that remove themselves; only the first result counts
    stream
      .on('data', onData)
      .on('end', () => {
        const turn = arriving?.turn()
        if (turn) void turn.then(finish)
        else finish()
      })
      .on('error', (error) => fail(notInFull(error)))
      // every stream emits close, so the error is created only when it is needed
      .on('close', () => {
        if (!stream.readableEnded) fail(notInFull(new Error('The connection was closed')))
      })
  })
}

const notInFull = (cause: unknown) =>
  new Problem('invalid-input', 'The body did not arrive in full; send the request again.', { cause })
function throwNotInFull(cause: unknown): never {
  throw notInFull(cause)
}

/** Closes the connection, since the rest of the body is not read. */
export function tooLarge(maxBytes: number): Problem {
  return new Problem('too-large', `The body is larger than ${maxBytes} bytes.`, { headers: { connection: 'close' } })
}

import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { type Headers, utf8 } from '../cloud-event.ts'
import type { ArrivingBody, BodyRoom, Done } from './body-room.ts'
import { gunzipBody, isGzip } from './gunzip-body.ts'
import { withChunk } from './join-small-chunks.ts'
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
  /**
   * Reads the body like `bytes`, and uses it. Large bodies are used one after another, so a use must not wait long.
   * `owner` is whose body it is: the room for bodies, and the turns to use them, are shared between owners.
   */
  use<Result>(maxBytes: number, use: (bytes: Uint8Array) => Result | Promise<Result>, owner?: string): Promise<Result>
}

type Read = (maxBytes: number, owner: string | undefined, onTurn: (done: Done) => void) => Promise<Uint8Array>

function readersOf(read: Read): Pick<Incoming, 'bytes' | 'use'> {
  const use: Incoming['use'] = async (maxBytes, use, owner) => {
    let done: Done | undefined
    try {
      const bytes = await read(maxBytes, owner, (ofTurn) => {
        done = ofTurn
      })
      return await use(bytes)
    } finally {
      done?.()
    }
  }
  return { use, bytes: (maxBytes) => use(maxBytes, (bytes) => bytes) }
}

/** Reads what was sent, and inflates it if it is gzip. */
const inflating =
  (header: Incoming['header'], room: BodyRoom | undefined, sent: Read): Read =>
  (maxBytes, owner, onTurn) => {
    const gzip = isGzip(header('content-encoding'))
    rejectBySize(header('content-length'), maxBytes)
    if (!gzip) return sent(maxBytes, owner, onTurn)
    let hasTurn = false
    const whole = sent(maxBytes, owner, (done) => {
      hasTurn = true
      onTurn(done)
    })
    const nextTurn = room && (() => room.nextTurn(owner))
    return whole.then((bytes) => gunzipBody(bytes, maxBytes, { nextTurn, hasTurn, onTurn }))
  }

/** Wraps a Request. Its body is read from the socket, if it came through one. */
export function incomingOf(request: Request, socket?: IncomingMessage, room?: BodyRoom): Incoming {
  const { headers } = request
  const header = (name: string) => headers.get(name) ?? undefined
  return {
    header,
    headers: () => Object.fromEntries(headers),
    ...readersOf(inflating(header, room, sent)),
  }

  async function sent(maxBytes: number, owner: string | undefined, onTurn: (done: Done) => void): Promise<Uint8Array> {
    const declared = header('content-length')
    if (socket) return readStream(socket, { maxBytes, declared, room, owner, onTurn })
    // the fast path: only a body without a declared length has to be counted while it arrives
    if (declared !== undefined) return new Uint8Array(await request.arrayBuffer().catch(throwNotInFull))
    if (request.body === null) return new Uint8Array()
    return readStream(Readable.fromWeb(request.body as WebStream, oneByOne), { maxBytes, onTurn })
  }
}
type WebStream = Parameters<typeof Readable.fromWeb>[0]
/** Reads nothing ahead, since the body may already be too large. */
const oneByOne = { highWaterMark: 1 }

/** Wraps a request on its socket. */
export function incomingFrom(request: IncomingMessage, room?: BodyRoom): Incoming {
  const headers = request.headers as Headers
  const header = (name: string) => headers[name]
  const sent: Read = (maxBytes, owner, onTurn) =>
    readStream(request, { maxBytes, declared: headers['content-length'], room, owner, onTurn })
  const { bytes, use } = readersOf(inflating(header, room, sent))
  return { header, headers: () => headers, bytes, use }
}

/** Wraps a body that is there already. Header names are in lower case. */
export function incomingFromBytes(headers: Headers, body: Uint8Array): Incoming {
  const read: Read = async (maxBytes, _owner, onTurn) => {
    if (body.byteLength > maxBytes) throw tooLarge(maxBytes)
    const whole = { hasTurn: true, onTurn }
    return isGzip(headers['content-encoding']) ? gunzipBody(body, maxBytes, whole) : body
  }
  const { bytes, use } = readersOf(read)
  return { header: (name) => headers[name], headers: () => headers, bytes, use }
}

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

type Limits = {
  maxBytes: number
  declared?: string | undefined
  room?: BodyRoom | undefined
  owner?: string | undefined
  /** Receives what ends the turn of a large body. */
  onTurn: (done: Done) => void
}

/** A body while it is read. */
type Reading = Limits & {
  whole: number
  chunks: Uint8Array[]
  bytes: number
  arriving: ArrivingBody | undefined
  isOver: boolean
  resolve: (bytes: Uint8Array) => void
  reject: (problem: Problem) => void
}
/** The stream of a body. Its listeners stay, so the body is detached from it once it has been read. */
type BodyStream = Readable & { [reading]?: Reading | undefined }
const reading = Symbol('reading')

function readStream(stream: BodyStream, { maxBytes, declared, room, owner, onTurn }: Limits): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    stream[reading] = {
      maxBytes,
      declared,
      room,
      owner,
      onTurn,
      whole: Number(declared),
      chunks: [],
      bytes: 0,
      arriving: undefined,
      isOver: false,
      resolve,
      reject,
    }
    // listeners that all bodies share cost less than closures, and those that stay less than those that remove themselves
    stream.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose)
  })
}

function onData(this: BodyStream, chunk: Uint8Array) {
  const body = this[reading]
  if (!body) return
  body.bytes += chunk.byteLength
  body.chunks = withChunk(body.chunks, chunk, body.bytes)
  // the client sent more than it declared, or declared nothing
  if (body.bytes > body.maxBytes) return fail(this, body, tooLarge(body.maxBytes))
  // most bodies arrive in one piece, which has no other to wait for
  if (!body.arriving && body.bytes === body.whole) return
  body.arriving ??= body.room?.open((problem) => fail(this, body, problem), body.owner)
  body.arriving?.add(chunk.byteLength)
}

function onEnd(this: BodyStream) {
  const body = this[reading]
  if (!body) return
  const turn = body.arriving?.turn()
  if (!turn) return finish(this, body)
  void turn.then((done) => {
    // nobody would end the turn of a body that failed meanwhile
    if (body.isOver) return done()
    body.onTurn(done)
    finish(this, body)
  })
}

function onError(this: BodyStream, error: Error) {
  const body = this[reading]
  if (body) fail(this, body, notInFull(error))
}

/** Every stream emits close, so the error is created only when it is needed. */
function onClose(this: BodyStream) {
  const body = this[reading]
  if (body && !this.readableEnded) fail(this, body, notInFull(new Error('The connection was closed')))
}

function finish(stream: BodyStream, { arriving, chunks, resolve }: Reading) {
  stream[reading] = undefined
  arriving?.release()
  resolve(chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks))
}

function fail(stream: BodyStream, body: Reading, problem: Problem) {
  stream[reading] = undefined
  stream.off('data', onData).pause()
  // it may still wait for its turn, and its place in the room is another's now
  body.chunks = []
  body.arriving?.release()
  body.isOver = true
  body.reject(problem)
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

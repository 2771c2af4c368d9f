import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { privateHeaders } from './answer.ts'
import { Problem, unavailable } from './problem.ts'
import { wrongMethod } from './wrong-method.ts'

export type UnparsedOptions = {
  /** The responses of a connection, in order: those in progress, and the last one. */
  responsesOf(socket: Duplex): readonly ServerResponse[]
  newRequestId(): string
  /** Whether nothing is read from the socket for now, so that its client cannot be late. */
  isUnread(socket: Socket): boolean
  gradually: (work: () => void) => void
  /** Called with the URL of a request that cannot be read, if it can be told. */
  onTurnedAway?: ((request: Pick<IncomingMessage, 'url' | 'headers'>) => void) | undefined
}

/** How often to look whether a socket is read again. */
const unreadMs = 1_000

/**
 * Answers with a problem, like every other error, when Node's parser rejects a request before it can be routed. Earlier
 * requests that came complete on the same connection are answered first, since a client reads answers in order.
 */
export function answerUnparsed(server: Server, options: UnparsedOptions): void {
  const { responsesOf, newRequestId, isUnread, gradually, onTurnedAway } = options
  const rejected = new WeakSet<Duplex>()
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const responses = responsesOf(socket)
    const isAnswered = responses.some(({ req, headersSent }) => !req.complete && headersSent)
    if (error.code === 'ECONNRESET' || !socket.writable || isAnswered) return void socket.destroy(error)
    if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return lookAgain(socket as Socket, responses.at(-1))
    if (rejected.has(socket)) return
    const url = urlIn(error)
    if (url !== undefined) onTurnedAway?.({ url, headers: {} })
    reject(socket, problemOf(error))
  })

  /**
   * The headers have taken too long, or this process was too busy to read them. So they are late only if they have not
   * come once everything is read that was sent until now, which happens before the immediates of this turn.
   */
  function lookAgain(socket: Socket, last: ServerResponse | undefined) {
    const wasUnread = isUnread(socket)
    setImmediate(() => {
      if (socket.destroyed || responsesOf(socket).at(-1) !== last) return
      if (wasUnread || isUnread(socket)) setTimeout(lookAgain, unreadMs, socket, last).unref()
      else reject(socket, headersTooLate)
    })
  }

  // only a proxy opens tunnels (RFC 9110, section 9.3.6)
  server.on('connect', ({ url = '' }, socket) => {
    // Node no longer listens for errors of this socket, and an unhandled one ends the process
    socket.on('error', () => socket.destroy())
    onTurnedAway?.({ url, headers: {} })
    reject(socket, wrongMethod('CONNECT', url, ['GET', 'HEAD', 'POST', 'DELETE']))
  })

  function reject(socket: Duplex, problem: Problem): void {
    // whatever follows the first error on a connection causes errors as well
    if (rejected.has(socket)) return
    rejected.add(socket)
    gradually(() => {
      const earlier = responsesOf(socket).filter(({ req, closed }) => req.complete && !closed)
      void Promise.all(earlier.map(untilClosed)).then(() => end(socket, problem))
    })
  }

  function end(socket: Duplex, problem: Problem): void {
    const { status, headers, body } = problem.toAnswer()
    const lines = Object.entries({
      ...privateHeaders,
      ...headers,
      'x-request-id': newRequestId(),
      date: new Date().toUTCString(),
      connection: 'close',
      'content-length': String(Buffer.byteLength(body)),
    }).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`)
    // closes in stages (serve.ts), whether or not the client closes its side
    ;(socket as Socket).destroySoon()
  }
}

const untilClosed = (response: ServerResponse) => new Promise<void>((resolve) => response.once('close', resolve))

type ParserError = NodeJS.ErrnoException & { rawPacket?: Uint8Array; bytesParsed?: number }

const maxLineBytes = 16 * 1024

/** The line in which the parser stops, which is where it finds the error. */
function lineOfError({ rawPacket, bytesParsed = 0 }: ParserError): { packet: Buffer; start: number; line: string } {
  const packet = Buffer.from(rawPacket ?? [])
  const start = bytesParsed === 0 ? 0 : packet.lastIndexOf('\n', bytesParsed - 1) + 1
  const line = packet.toString('latin1', start, start + maxLineBytes).replace(/\r?\n[\s\S]*$/, '')
  return { packet, start, line }
}

/**
 * What follows the method in the last request line before the error; perhaps with spaces that make it invalid. It is
 * sought from the end and in one go, since a packet may have 64 Ki lines.
 */
function urlIn(error: ParserError): string | undefined {
  const { packet, start, line } = lineOfError(error)
  const text = packet.toString('latin1', 0, start) + line
  return /.*(?:^|\n)[A-Z]{1,32} ([^\n]*)/sy.exec(text)?.[1]
}

/** The line where the parser stops tells what the client meant. */
function problemOf(error: ParserError): Problem {
  const { code = '' } = error
  const known = problems[code]
  if (known) return known
  const { line } = lineOfError(error)
  if (code === 'HPE_INVALID_METHOD' && /^[!#$%&'*+.^_`|~\w-]+ \S+ HTTP\/1\.[01]$/.test(line)) return unknownMethod
  // an unencoded space ends the URL for the parser, which then misses the version
  const hasSpace = /^[A-Z]+ \S+ .* HTTP\/1\.[01]$/.test(line)
  return code === 'HPE_INVALID_URL' || (hasSpace && code.startsWith('HPE_INVALID')) ? unencoded : malformed
}

const malformed = new Problem(
  'invalid-input',
  'The request is not valid HTTP/1.1; correct it before you send it again.',
)
const unencoded = new Problem(
  'invalid-input',
  'The URL has characters that must be percent-encoded, for example with curl -G --data-urlencode.',
)
const headersTooLate = new Problem(
  'request-timeout',
  'The request did not arrive in time: its headers have 5 s. Send it again.',
)
const unknownMethod = new Problem('not-implemented', 'The method is not one that this server knows.')
const problems: { readonly [code: string]: Problem } = {
  HPE_HEADER_OVERFLOW: new Problem(
    'headers-too-large',
    'The request line and the headers are too large; send long values in a body, or fewer cookies.',
  ),
  HPE_CHUNK_EXTENSIONS_OVERFLOW: new Problem(
    'too-large',
    'The chunk extensions are too large; send the body without them.',
  ),
  ERR_BODY_TOO_SLOW: new Problem(
    'request-timeout',
    'The body did not arrive in time: it may pause for at most 10 s, and has to arrive at 16 KiB/s on average after its first 10 s.',
  ),
  ERR_BODY_MADE_ROOM: unavailable(
    'Too many bodies are arriving, so the one that began first was not read on. Send it again in a moment.',
  ),
  ERR_BODY_NOT_READ: new Problem('too-large', 'A request of this method has no body; at most 64 KiB are discarded.'),
}

/** The error of a request whose body was still arriving when another one needed its slot. */
export const bodyMadeRoom = () =>
  Object.assign(new Error('The body made room for another request'), { code: 'ERR_BODY_MADE_ROOM' })

import { type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Problem } from './problem.ts'
import { wrongMethod } from './wrong-method.ts'

/**
 * Answers what Node's parser refuses before there is a request to route: with a problem, as every other error is. Requests
 * that came whole before it on the same connection get their answers first, since a client reads answers in order.
 */
export function answerUnparsed(server: Server, newRequestId: () => string): void {
  /** The responses of each connection, in order, since the last one that was closed. */
  const underWay = new WeakMap<Duplex, ServerResponse[]>()
  const refused = new WeakSet<Duplex>()
  server.prependListener('connection', (socket) => underWay.set(socket, []))
  server.prependListener('request', ({ socket }, response) => {
    const responses = underWay.get(socket)
    // one that is closed is of interest until all of its request has come, which is before the next one
    if (responses?.at(-1)?.closed) responses.length = 0
    responses?.push(response)
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const responses = underWay.get(socket) ?? []
    const isAnswered = responses.some(({ req, headersSent }) => !req.complete && headersSent)
    if (error.code === 'ECONNRESET' || !socket.writable || isAnswered) return void socket.destroy(error)
    refuse(socket, problems[error.code ?? ''] ?? malformed)
  })
  // a tunnel (RFC 9110, section 9.3.6) is for proxies
  server.on('connect', ({ url = '' }, socket) => {
    // Node no longer listens for errors of this socket, and one that nobody hears ends the process
    socket.on('error', () => socket.destroy())
    refuse(socket, wrongMethod('CONNECT', url, ['GET', 'HEAD', 'POST', 'DELETE']))
  })

  function refuse(socket: Duplex, problem: Problem): void {
    // the rest of what was sent is an error as well
    if (refused.has(socket)) return
    refused.add(socket)
    const earlier = (underWay.get(socket) ?? []).filter(({ req, closed }) => req.complete && !closed)
    void Promise.all(earlier.map(untilClosed)).then(() => end(socket, problem))
  }

  function end(socket: Duplex, problem: Problem): void {
    const { status, headers, body } = problem.toAnswer()
    const lines = Object.entries({
      ...headers,
      'x-request-id': newRequestId(),
      date: new Date().toUTCString(),
      connection: 'close',
      'content-length': String(Buffer.byteLength(body)),
    }).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`)
    // in stages (serve.ts), and whether the client closes its side or not
    ;(socket as Socket).destroySoon()
  }
}

const untilClosed = (response: ServerResponse) => new Promise<void>((resolve) => response.once('close', resolve))

const malformed = new Problem('invalid-input', 'The request is not valid HTTP/1.1.')
const problems: { readonly [code: string]: Problem } = {
  HPE_HEADER_OVERFLOW: new Problem('headers-too-large', 'The request line and the headers are too large together.'),
  HPE_CHUNK_EXTENSIONS_OVERFLOW: new Problem('too-large', 'The extensions of the chunks are too large.'),
  ERR_HTTP_REQUEST_TIMEOUT: new Problem('request-timeout', 'The request did not arrive in time.'),
}

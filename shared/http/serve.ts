import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { HttpBindings } from '@hono/node-server'
import { StartError } from '../config.ts'
import type { Log } from '../log.ts'
import { type Limits, openAdmission } from './admission.ts'
import { type OwnHeaders, writeAnswer } from './answer.ts'
import { countHeader, type Front } from './front.ts'
import { Problem, unavailable } from './problem.ts'
import { answerUnparsed } from './unparsed.ts'

export type ListenOptions = {
  fetch(request: Request, bindings: HttpBindings): Response | Promise<Response>
  port: number
  log: Log
  /** Asked before `fetch`. */
  front?: Front
  timeouts?: typeof timeouts
  atOnce?: Limits
  /** Of one request, in any number of headers; without it Node's own limits of both. */
  maxHeaderBytes?: number
}
export type Listening = AsyncDisposable & { port: number }

/** How long a process may take to end once it was told to, and its requests under way of that. */
const stopMs = 10_000
const drainMs = 8_000

/** A client that sends slower than this holds a connection for nothing. Go's clients close idle connections after 90 s. */
const timeouts = {
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 1_000,
  keepAliveTimeout: 95_000,
}

/** How long a client may go on sending what is no longer of interest. */
const lingerMs = 1_000

/** Each request under way holds some 10 KiB, and a body several times its size until it has become a record. */
const atOnce: Limits = { requests: 5_000, bytes: 16 * 1024 * 1024 }

/** Serves HTTP/1.1 until it is disposed of: then nothing new is accepted and what is under way gets its answer. */
export async function listen(options: ListenOptions): Promise<Listening> {
  const { fetch, front, port, log, maxHeaderBytes } = options
  const admit = openAdmission(options.atOnce ?? atOnce)
  let draining = false
  const requestId = requestIds()
  const answer = answerBy(fetch)
  const ownHeaders = (request: IncomingMessage): OwnHeaders => {
    const id = requestId(request.headers['x-request-id'])
    return draining ? { 'x-request-id': id, connection: 'close' } : { 'x-request-id': id }
  }
  const answered = (request: IncomingMessage, response: ServerResponse, own: OwnHeaders): Promise<void> => {
    const done = front?.(request, response, own)
    if (done) return done
    for (const name in own) response.setHeader(name, own[name] as string)
    return answer(request, response)
  }
  const listener: RequestListener = (request, response) => {
    const own = ownHeaders(request)
    // Node lets a second Host pass, and proxies disagree about which one counts (RFC 9112, section 3.2: 400)
    const hosts = countHeader(request.rawHeaders, 'host')
    if (hosts > 1) return refuse(response, own, twoHosts)
    if (hosts === 0 && request.httpVersion === '1.1') return refuse(response, own, noHost)
    const over = request.url === '/healthz' ? () => {} : admit(request)
    if (!over) return refuse(response, own, tooMuchAtOnce)
    // a client that goes away ends the answer, but not yet what is done for it
    let left = 2
    const end = () => {
      if (--left === 0) over()
    }
    response.once('close', end)
    void answered(request, response, own)
      .catch((error) => {
        log.error({ err: error }, 'an answer could not be sent')
        if (response.headersSent) response.destroy()
        else refuse(response, own, notAnswered)
      })
      .then(end)
  }
  const headers = maxHeaderBytes === undefined ? {} : { maxHeaderSize: maxHeaderBytes }
  const ownChecks = { requireHostHeader: false }
  const server = createServer({ ...(options.timeouts ?? timeouts), ...headers, ...ownChecks }, listener)
  answerUnparsed(server, () => requestId(undefined))
  server.on('checkExpectation', (request, response) => refuse(response, ownHeaders(request), unmetExpectation))
  // their bytes are bounded; beyond a number Node would hide some, and with them how long a body is
  server.maxHeadersCount = 0
  server.on('connection', closeInStages)

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, resolve)
  }).catch((error) => {
    throw portProblem(error, port)
  })

  async function close() {
    draining = true
    const closed = new Promise((resolve) => server.close(resolve))
    // connections that turn idle while draining have no other end
    const sweep = setInterval(() => server.closeIdleConnections(), 50)
    const deadline = setTimeout(() => server.closeAllConnections(), drainMs)
    await closed
    clearInterval(sweep)
    clearTimeout(deadline)
  }
  const address = server.address()
  return { port: typeof address === 'object' && address ? address.port : port, [Symbol.asyncDispose]: close }
}

/**
 * Closed at once, a connection whose client still sends would be reset, and the answer lost with it. So first only the own side
 * is closed, as RFC 9112 has it in section 9.6: the client sees the answer and its end, and closes the other side.
 */
function closeInStages(socket: Socket) {
  socket.destroySoon = () => {
    socket.end()
    // nor is it parsed any more
    socket
      .removeAllListeners('data')
      .on('data', () => {})
      .resume()
    const late = setTimeout(() => socket.destroy(), lingerMs)
    socket.once('close', () => clearTimeout(late))
  }
}

/**
 * Loaded when the first request needs it: with it come Node's Request and Response, which take as long as all else that a
 * start loads. What is answered at the front needs none of them.
 */
function answerBy(
  fetch: ListenOptions['fetch'],
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  let listener: ReturnType<typeof load> | undefined
  async function load() {
    const { getRequestListener } = await import('@hono/node-server')
    // the server speaks HTTP/1.1 only
    return getRequestListener((request, bindings) => fetch(request, bindings as HttpBindings), {
      errorHandler: (error) =>
        new Problem('invalid-input', 'The request line or its headers are not valid.', { cause: error }).toResponse(),
    })
  }
  return async (request, response) => {
    listener ??= load().catch((error) => {
      listener = undefined
      throw error
    })
    await (await listener)(request, response)
  }
}

/** The client's own id, or one unique by the process and a number: a random one would cost more than some requests do. */
function requestIds(): (sent: string | string[] | undefined) => string {
  const process = randomUUID().slice(0, 8)
  let count = 0
  return (sent) => (typeof sent === 'string' && /^[\w-]{1,128}$/.test(sent) ? sent : `${process}-${++count}`)
}

const twoHosts = new Problem('invalid-input', 'The request has more than one Host header.', {
  headers: { connection: 'close' },
})
const noHost = new Problem('invalid-input', 'The request has no Host header.', { headers: { connection: 'close' } })
const unmetExpectation = new Problem('expectation-failed', 'The only expectation that can be met is 100-continue.', {
  headers: { connection: 'close' },
})
const notAnswered = new Problem('internal', 'The request failed; the log of the service says why.')
const tooMuchAtOnce = unavailable('There are too many requests under way; nothing was done. Send it again in a moment.')

const refuse = (response: ServerResponse, own: OwnHeaders, problem: Problem) =>
  writeAnswer(response, own, problem.toAnswer())

function portProblem(error: NodeJS.ErrnoException, port: number): Error {
  if (error.code === 'EADDRINUSE') {
    return new StartError(`Port ${port} is in use. Stop what uses it, or choose another one: PORT=${port + 1}`, {
      cause: error,
    })
  }
  if (error.code === 'EACCES')
    return new StartError(`Port ${port} may not be used here; choose one above 1023 with PORT`, { cause: error })
  return error
}

/** Resolves on the first SIGTERM or SIGINT. A second one, or a stop that takes too long, ends the process at once. */
export function untilTerminated(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const onSignal = (signal: NodeJS.Signals) => {
      resolve(signal)
      process.once(signal, () => process.exit(1))
      setTimeout(() => process.exit(1), stopMs).unref()
    }
    process.once('SIGTERM', onSignal)
    process.once('SIGINT', onSignal)
  })
}

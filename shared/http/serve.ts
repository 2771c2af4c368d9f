import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { HttpBindings } from '@hono/node-server'
import { fewPerTurn } from '../few-per-turn.ts'
import type { Log } from '../log.ts'
import { createLimitedLog } from '../rate-limited-log.ts'
import { type OwnHeaders, privateHeaders, writeAnswer } from './answer.ts'
import { openAnswerRoom } from './answer-room.ts'
import { answerToProblem, opensLinks } from './answer-to-problem.ts'
import { type Bound, bind } from './bind.ts'
import { openBodyRoom } from './body-room.ts'
import { boundConnections, closeIdleGradually } from './bounded-connections.ts'
import { discardBody } from './discard-body.ts'
import { createDoor } from './door.ts'
import type { Front } from './front.ts'
import { faultInCoding, faultInHead, maxHeaders } from './head-faults.ts'
import { type KindOf, usualKind } from './kind.ts'
import { watchLateHeads } from './late-heads.ts'
import { createPeerFinder } from './peer.ts'
import { createPipelines, type PipelineLimits, type Start } from './pipeline.ts'
import { Problem, unavailable } from './problem.ts'
import { openRequestSlots } from './request-slots.ts'
import type { Rooms } from './rooms.ts'
import { type SlotSizes, slotSizes } from './slots.ts'
import { type SlowClientLimits, slowClientLimits, watchSlowClients } from './slow-clients.ts'
import { openTurns, type TurnOf, unknownOwner } from './turns.ts'
import { answerUnparsed, bodyMadeRoom } from './unparsed.ts'
import { wrongMethod } from './wrong-method.ts'

export type ListenOptions = {
  fetch(request: Request, bindings: HttpBindings & { rooms: Rooms }): Response | Promise<Response>
  port: number
  /** The address to listen on; by default only this machine can reach it. */
  host?: string
  /**
   * Hosts to answer for, beside localhost. By default a process that only this machine can reach answers for no other,
   * and one that others can reach answers for any.
   */
  allowedHosts?: readonly string[]
  /** Other origins whose pages may send requests. */
  allowedOrigins?: readonly string[]
  /** Whether the path is that of a page for people, which other sites may link to. */
  isPage?: (path: string) => boolean
  log: Log
  /** Tried before `fetch`. */
  front?: Front
  /** Called with a request that is rejected before any route sees it. */
  onTurnedAway?: ((request: Pick<IncomingMessage, 'url' | 'headers'>) => void) | undefined
  /** Tells which slots a request uses; by default its method decides. */
  kindOf?: KindOf
  /** Addresses and ranges of proxies whose X-Forwarded-For is believed. */
  trustedProxies?: readonly string[]
  timeouts?: typeof timeouts
  slowClients?: SlowClientLimits
  atOnce?: Partial<Limits>
  /** The limit for the headers of one request, however many; by default Node's limits on both apply. */
  maxHeaderBytes?: number
}
export type Listening = AsyncDisposable & Pick<Bound, 'port' | 'hosts' | 'isLoopback'>

/** How long a process may take to end after a signal, and how much of that its requests in flight may use. */
const stopMs = 10_000
const drainMs = 8_000

/**
 * A client that sends more slowly than this only blocks a connection. Idle connections are kept longer than the 90 s
 * after which Go's clients close them.
 */
const timeouts = {
  headersTimeout: 5_000,
  // bodies have limits of their own (slow-clients.ts), since a large one may take minutes on a slow network
  requestTimeout: 0,
  connectionsCheckingInterval: 1_000,
  keepAliveTimeout: 95_000,
}

/** How long a client may continue to send after it has its answer. */
const lingerMs = 1_000

export type Limits = PipelineLimits & {
  connections: number
  slots: SlotSizes
  /** The bytes of all bodies that are arriving, and of all answers that clients have not taken yet. */
  bodyBytes: number
  answerBytes: number
}
const limits: Limits = {
  connections: 10_000,
  inProgress: 4,
  waiting: 4_096,
  slots: slotSizes,
  bodyBytes: 16 * 1024 * 1024,
  answerBytes: 32 * 1024 * 1024,
}

/** Serves HTTP/1.1 until disposed of; it then accepts nothing new and answers the requests in flight. */
export async function listen(options: ListenOptions): Promise<Listening> {
  const { fetch, front, port, host, maxHeaderBytes, allowedHosts = [], allowedOrigins = [] } = options
  const { kindOf = usualKind } = options
  const log = createLimitedLog(options.log)
  const atOnce = { ...limits, ...options.atOnce }
  const slots = openRequestSlots(atOnce.slots, ({ socket }) => server.emit('clientError', bodyMadeRoom(), socket))
  const peerOf = createPeerFinder(options.trustedProxies)
  const answers = openAnswerRoom(atOnce.answerBytes)
  const turns = openTurns()
  const bodies = openBodyRoom(atOnce.bodyBytes)
  const roomsWith = (turn: TurnOf): Rooms => ({ bodies, answers, turn })
  const [reads, writes] = [roomsWith(turns.reads), roomsWith(turns.writes)]
  const roomsOf = (method: string | undefined) => (method === 'GET' || method === 'HEAD' ? reads : writes)
  let draining = false
  // where only their size is limited, nothing may be dropped, since it could be the length of the body
  const headerLimit = maxHeaderBytes === undefined ? maxHeaders : 0
  const rules = { allowedHosts, anyHost: false, allowedOrigins, isPage: options.isPage ?? (() => false) }
  // replaced as soon as it is known who can reach the server
  let door = createDoor(rules)
  const requestId = requestIds()
  const answer = answerBy((request, bindings) =>
    fetch(request, Object.assign(bindings, { rooms: roomsOf(request.method) })),
  )
  const ownHeaders = (request: IncomingMessage): OwnHeaders => {
    const id = requestId(request.headers['x-request-id'])
    return draining
      ? { 'x-request-id': id, ...privateHeaders, connection: 'close' }
      : { 'x-request-id': id, ...privateHeaders }
  }
  const answered = (request: IncomingMessage, response: ServerResponse, own: OwnHeaders): Promise<void> => {
    const done = front?.(request, response, own, roomsOf(request.method))
    if (done) return done
    for (const name in own) response.setHeader(name, own[name] as string)
    return answer(request, response)
  }
  const refuse = (request: IncomingMessage, response: ServerResponse, own: OwnHeaders, problem: Problem) => {
    options.onTurnedAway?.(request)
    const { url: again = '', headers } = request
    const waysOn = opensLinks(request.method) ? { home: undefined, again } : undefined
    writeAnswer(response, own, answerToProblem(problem, headers.accept, waysOn))
  }
  const start: Start = (request, response, done) => {
    // a client that goes away ends the answer, but the work for it may still be running
    let left = 2
    let release: (() => void) | undefined
    const end = () => {
      if (--left > 0) return
      release?.()
      done()
    }
    let isClosed = false
    response.on('close', () => {
      // the pipeline may emit it before Node does
      if (!isClosed) end()
      isClosed = true
    })
    const own = ownHeaders(request)
    const { method = '', url = '' } = request
    let refusal = faultInHead(request, headerLimit) ?? door(request) ?? faultInCoding(request)
    if (!refusal) discardBody(server, request)
    // OPTIONS * asks about the server as a whole (RFC 9110, section 9.3.7)
    if (url === '*') refusal ??= wrongMethod(method, url, ['GET', 'HEAD', 'POST', 'DELETE'])
    if (!refusal && url !== '/healthz') {
      release = slots.take(kindOf(method, url), request, peerOf(request))
      if (!release) refusal = tooManyInFlight
    }
    if (refusal) {
      refuse(request, response, own, refusal)
      end()
      return
    }
    const wait = url === '/healthz' ? undefined : roomsOf(method).turn(unknownOwner)
    // nobody reads the answer to a client that went away meanwhile
    const work = wait
      ? wait.then(() => (request.socket.destroyed ? undefined : answered(request, response, own)))
      : answered(request, response, own)
    void work.then(end, (error) => {
      log.error({ err: error }, 'sending an answer failed')
      if (response.headersSent) response.destroy()
      else writeProblem(response, own, notAnswered)
      end()
    })
  }
  const gradually = fewPerTurn(32)
  const pipelines = createPipelines(atOnce, start)
  const headers = maxHeaderBytes === undefined ? {} : { maxHeaderSize: maxHeaderBytes }
  const ownChecks = { requireHostHeader: false }
  const { headersTimeout: limitMs, connectionsCheckingInterval: everyMs, ...others } = options.timeouts ?? timeouts
  const ownTimes = { ...others, headersTimeout: 0, connectionsCheckingInterval: everyMs }
  const server = createServer({ ...ownTimes, ...headers, ...ownChecks }, pipelines.listener)
  const { onTurnedAway } = options
  answerUnparsed(server, { ...pipelines, newRequestId: () => requestId(undefined), gradually, onTurnedAway })
  server.on('checkExpectation', (request, response) => {
    options.onTurnedAway?.(request)
    writeProblem(response, ownHeaders(request), unmetExpectation)
  })
  server.maxHeadersCount = headerLimit
  server.on('connection', closeInStages)
  server.on('connection', pipelines.add)
  boundConnections(server, { ...pipelines, max: atOnce.connections, gradually })
  closeIdleGradually(server, { ...pipelines, gradually })
  watchLateHeads(server, { latestOf: pipelines.latestOf, limitMs, everyMs, gradually })
  watchSlowClients(server, {
    ...pipelines,
    limits: options.slowClients ?? slowClientLimits,
    onWaitingBytes: answers.noteWaiting,
    gradually,
  })

  const bound = await bind(server, port, host)
  const anyHost = !bound.isLoopback && allowedHosts.length === 0
  door = createDoor({ ...rules, allowedHosts: [...bound.hosts, ...allowedHosts], anyHost })

  async function close() {
    draining = true
    const closed = bound.close()
    // nothing else closes connections that become idle while draining
    const sweep = setInterval(() => server.closeIdleConnections(), 50)
    const deadline = setTimeout(() => server.closeAllConnections(), drainMs)
    await closed
    clearInterval(sweep)
    clearTimeout(deadline)
  }
  const { hosts, isLoopback } = bound
  return { port: bound.port, hosts, isLoopback, [Symbol.asyncDispose]: close }
}

/**
 * Closing a connection immediately while its client still sends would reset it and lose the answer. So the server first
 * closes only its own side (RFC 9112, section 9.6): the client sees the answer and its end, and closes the other side.
 */
function closeInStages(socket: Socket) {
  socket.destroySoon = () => {
    socket.end()
    // whatever else arrives is discarded without being parsed
    socket
      .removeAllListeners('data')
      .on('data', () => {})
      .resume()
    const late = setTimeout(() => socket.destroy(), lingerMs)
    socket.once('close', () => clearTimeout(late))
  }
}

/**
 * Loads the adapter when the first request needs it: it brings Node's Request and Response, which take as long to load
 * as everything else at the start. Requests that the front answers need neither.
 */
function answerBy(
  fetch: (request: Request, bindings: HttpBindings) => Response | Promise<Response>,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  let listener: ReturnType<typeof load> | undefined
  async function load() {
    const { getRequestListener } = await import('@hono/node-server')
    // the server speaks HTTP/1.1 only
    return getRequestListener((request, bindings) => fetch(request, bindings as HttpBindings), {
      // HTTP/1.0 has no Host; health checks still send such requests
      hostname: 'localhost',
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

/** The client's own id, or the process's prefix and a number: a random id would cost more than some requests do. */
function requestIds(): (sent: string | string[] | undefined) => string {
  const process = randomUUID().slice(0, 8)
  let count = 0
  return (sent) => (typeof sent === 'string' && /^[\w-]{1,128}$/.test(sent) ? sent : `${process}-${++count}`)
}

const unmetExpectation = new Problem('expectation-failed', 'The only supported expectation is 100-continue.', {
  headers: { connection: 'close' },
})
const notAnswered = new Problem('internal', 'The request failed because of a fault in the service; see its log.')
const tooManyInFlight = unavailable(
  'Too many requests are in flight, so this one was not processed. Send it again in a moment.',
)

const writeProblem = (response: ServerResponse, own: OwnHeaders, problem: Problem) =>
  writeAnswer(response, own, problem.toAnswer())

/** Resolves on the first SIGTERM or SIGINT. A second one, or a stop that takes too long, exits immediately. */
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

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { oncePerTurn } from '../once-per-turn.ts'
import { joinSmallChunks } from './join-small-chunks.ts'
import { openRests } from './rests.ts'
import { openValve } from './valve.ts'

/** A connection and its requests. */
export type Connection = {
  socket: Socket
  /** The request whose headers arrived last; only its body can still be arriving. */
  latest: IncomingMessage | undefined
  inProgress: ServerResponse[]
  /** In order; a new request drops those that are closed. */
  responses: ServerResponse[]
  /** Requests that were parsed and wait until earlier ones are over, from `next` on. */
  waiting: Exchange[]
  next: number
  isProceeding: boolean
}
type Exchange = { request: IncomingMessage; response: ServerResponse }

export type PipelineLimits = {
  /** The maximum number of requests of one connection that are in progress; the others wait. */
  inProgress: number
  /** The maximum number of waiting requests of all connections. */
  waiting: number
}

/** Whether a connection waits for its client to send another request. */
export const isIdle = ({ inProgress, waiting, latest, socket }: Connection) =>
  inProgress.length === 0 && waiting.length === 0 && latest?.complete === true && socket.writableLength === 0

/** Starts the work for a request. `done` must be called once, when the response is closed and the work is over. */
export type Start = (request: IncomingMessage, response: ServerResponse, done: () => void) => void

/** How many waiting requests of all connections start in one turn of the event loop. */
const startedPerTurn = 4

/** Every connection may have this many waiting requests, however many others have. */
const waitingOfEach = 8

/**
 * When so many requests of a connection wait, which took 5 ms to parse, one read may have brought thousands. So this turn
 * reads no other socket; with fewer, one client could have thousands of others held again and again.
 */
const manyOfOne = 512

/**
 * Starts a few requests of each connection at a time. While others wait, nothing more is read from its socket, so a
 * client that pipelines thousands of requests keeps them itself. Node parses what it has read in one go, up to 64 KiB
 * of requests; so the requests that wait are also bounded in all, and a connection that exceeds this is closed, which
 * every client that pipelines has to expect (RFC 9112, section 9.3.2).
 */
export function createPipelines(limits: PipelineLimits, start: Start) {
  const connections = new Map<Duplex, Connection>()
  const rests = openRests()
  const valve = openValve()
  let waitingInAll = 0
  /** The connections whose next request may start, each once. */
  const proceeding: Connection[] = []
  const schedule = oncePerTurn(proceedSome)

  function opened(socket: Socket): Connection {
    const connection: Connection = {
      socket,
      latest: undefined,
      inProgress: [],
      responses: [],
      waiting: [],
      next: 0,
      isProceeding: false,
    }
    connections.set(socket, connection)
    let traces = Error.stackTraceLimit
    // Node makes two errors for each request of a connection that closes. Their stack traces, which nobody reads, would
    // take 100 ms for the requests of one read.
    socket.prependOnceListener('close', () => {
      traces = Error.stackTraceLimit
      if (connection.responses.length > limits.inProgress) Error.stackTraceLimit = 0
    })
    socket.once('close', () => {
      Error.stackTraceLimit = traces
      connections.delete(socket)
      rests.forget(socket)
      forget(connection)
      // Node closes only the response that it is writing, and the others would be in progress forever; each leaves the
      // list once it is over, hence the copy
      for (const response of [...connection.inProgress]) if (response.socket === null) response.emit('close')
    })
    // reading the body of an earlier request resumes the socket
    socket.on('resume', () => {
      if (isWaiting(connection) || rests.isResting(socket)) socket.pause()
    })
    return connection
  }

  const isWaiting = ({ waiting, next }: Connection) => next < waiting.length

  function forget(connection: Connection) {
    waitingInAll -= connection.waiting.length - connection.next
    connection.waiting = []
    connection.next = 0
  }

  function begin(connection: Connection, request: IncomingMessage, response: ServerResponse) {
    connection.inProgress.push(response)
    start(request, response, () => {
      // an array of its own for each request would stay in memory as long as the request
      connection.inProgress.splice(connection.inProgress.indexOf(response), 1)
      if (isWaiting(connection)) proceedSoon(connection)
    })
  }

  function proceedSoon(connection: Connection) {
    if (connection.isProceeding) return
    connection.isProceeding = true
    proceeding.push(connection)
    schedule()
  }

  /** Starts a few requests per turn of the event loop, so that clients that pipeline do not hold up all others. */
  function proceedSome() {
    for (const connection of proceeding.splice(0, startedPerTurn)) {
      connection.isProceeding = false
      proceed(connection)
    }
    if (proceeding.length > 0) schedule()
  }

  function proceed(connection: Connection) {
    if (!isWaiting(connection)) return
    const { request, response } = connection.waiting[connection.next++] as Exchange
    waitingInAll--
    begin(connection, request, response)
    if (!isWaiting(connection)) {
      connection.waiting = []
      connection.next = 0
      connection.socket.resume()
    } else if (connection.inProgress.length < limits.inProgress) proceedSoon(connection)
  }

  function wait(connection: Connection, exchange: Exchange) {
    const { socket, waiting, next } = connection
    if (waitingInAll >= limits.waiting && waiting.length - next >= waitingOfEach) {
      forget(connection)
      socket.destroy()
      return
    }
    waiting.push(exchange)
    waitingInAll++
    if (waiting.length - next === manyOfOne) valve.close()
    socket.pause()
  }

  const listener: RequestListener = (request, response) => {
    const { socket } = request
    valve.note()
    // the request was read before the connection was closed
    if (socket.destroyed) return
    joinSmallChunks(request, rests)
    const connection = connections.get(socket) ?? opened(socket)
    connection.latest = request
    const { responses } = connection
    // a closed response matters until its whole request has arrived, which happens before the next request
    if (responses.at(-1)?.closed) while (responses.length > 0) responses.pop()
    // a connection that is never idle would keep them all
    while (responses[0]?.closed) responses.shift()
    responses.push(response)
    const isBusy = connection.inProgress.length >= limits.inProgress || isWaiting(connection)
    if (isBusy) wait(connection, { request, response })
    else begin(connection, request, response)
  }
  const latestOf = (socket: Duplex) => connections.get(socket)?.latest
  const responsesOf = (socket: Duplex) => connections.get(socket)?.responses ?? []
  /** Whether nothing is read from the socket for now, since other requests come first; its client cannot be late. */
  const isUnread = (socket: Socket) => {
    const connection = connections.get(socket)
    return valve.isHeld(socket) || rests.isResting(socket) || (connection !== undefined && isWaiting(connection))
  }
  return { listener, add: valve.add, connections, isWaiting, isUnread, latestOf, responsesOf }
}

import { randomUUID } from 'node:crypto'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { StartError } from '../config.ts'
import type { Log } from '../log.ts'
import { Problem } from './problem.ts'

export type ListenOptions = {
  fetch: Parameters<typeof getRequestListener>[0]
  port: number
  log: Log
  timeouts?: typeof timeouts
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

/** Serves HTTP/1.1 until it is disposed of: then nothing new is accepted and what is under way gets its answer. */
export async function listen({ fetch, port, log, timeouts: limits = timeouts }: ListenOptions): Promise<Listening> {
  let draining = false
  const requestId = requestIds()
  const answer = getRequestListener(fetch, {
    errorHandler: (error) =>
      new Problem('invalid-input', 'The request line or its headers are not valid.', { cause: error }).toResponse(),
  })
  const listener: RequestListener = (request, response) => {
    response.setHeader('x-request-id', requestId(request.headers['x-request-id']))
    if (draining) response.setHeader('connection', 'close')
    if (hosts(request.rawHeaders) > 1) return refuseTwoHosts(response)
    answer(request, response).catch((error) => log.error({ err: error }, 'an answer could not be sent'))
  }
  const server = createServer(limits, listener)

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

/** The client's own id, or one unique by the process and a number: a random one would cost more than some requests do. */
function requestIds(): (sent: string | string[] | undefined) => string {
  const process = randomUUID().slice(0, 8)
  let count = 0
  return (sent) => (typeof sent === 'string' && /^[\w-]{1,128}$/.test(sent) ? sent : `${process}-${++count}`)
}

/** Node lets a second Host pass, and proxies disagree about which one counts (RFC 9112, section 3.2: 400). */
function hosts(rawHeaders: readonly string[]): number {
  let count = 0
  for (let at = 0; at < rawHeaders.length; at += 2) if (rawHeaders[at]?.toLowerCase() === 'host') count++
  return count
}

function refuseTwoHosts(response: ServerResponse) {
  response.writeHead(400, { 'content-type': 'application/problem+json', connection: 'close' })
  response.end(new Problem('invalid-input', 'The request has more than one Host header.').toJson())
}

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

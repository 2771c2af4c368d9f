import { connect } from 'node:net'
import { listen } from '@activity-log/shared/http/serve.ts'
import { silent } from '@activity-log/shared/testing/builders.ts'
import { type Answer, answerOf } from './frozen-answer.ts'
import { type FrozenRequest, type Target, targets } from './frozen-request.ts'
import { type Received, readAnswers } from './http-answers.ts'
import type { Apps } from './state.ts'

/** Sends requests to the apps; undefined for a request that cannot be sent this way. */
export type Way = AsyncDisposable & { ask(request: FrozenRequest): Promise<readonly Answer[]> | undefined }

/** The ways of sending requests; each has recorded answers of its own. */
export const ways: { readonly [name: string]: (apps: Apps) => Promise<Way> } = {
  'handed over': async (apps) => ({ ask: (request) => handOver(apps, request), async [Symbol.asyncDispose]() {} }),
  'over a socket': openSockets,
}

const host = 'localhost:3000'
const encoder = new TextEncoder()
const bytesOf = (body: FrozenRequest['body'] = '') => (typeof body === 'string' ? encoder.encode(body) : body)
/** The stream begins with a block that is not an event. */
const hasEvents = (text: string, count: number) => text.split('\n\n').length > count
const firstEvents = (text: string, count: number) =>
  text
    .split('\n\n')
    .slice(0, count)
    .map((event) => `${event}\n\n`)
    .join('')

function handOver(apps: Apps, request: FrozenRequest): Promise<readonly Answer[]> | undefined {
  const { to, method = 'GET', path, headers = [], body, chunked, events, raw } = request
  if (raw !== undefined || to === 'hasty') return undefined
  const sent = chunked ? new Blob([bytesOf(body) as Uint8Array<ArrayBuffer>]).stream() : body
  const init = {
    method,
    headers: headers.map(([name, value]) => [name, value] as [string, string]),
    body: sent ?? null,
    duplex: 'half',
  }
  return toAnswer(apps[to].fetch(new Request(`http://${host}${path}`, init as RequestInit)), method, events)
}

async function toAnswer(
  answering: Response | Promise<Response>,
  method: string,
  events: number | undefined,
): Promise<Answer[]> {
  const response = await answering
  const body = events === undefined ? Buffer.from(await response.arrayBuffer()) : await readEvents(response, events)
  return [answerOf(response.status, [...response.headers], body, method === 'HEAD')]
}

async function readEvents(response: Response, count: number): Promise<Buffer> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const part of response.body ?? []) {
    text += decoder.decode(part, { stream: true })
    if (hasEvents(text, count)) break
  }
  return Buffer.from(firstEvents(text, count))
}

/** These timeouts cut off slow clients, and are long enough for fast ones. */
const hastyTimeouts = {
  headersTimeout: 100,
  requestTimeout: 200,
  connectionsCheckingInterval: 20,
  keepAliveTimeout: 1000,
}

async function openSockets(apps: Apps): Promise<Way> {
  const opened = new AsyncDisposableStack()
  const ports = new Map<Target, number>()
  for (const name of targets) {
    const { fetch, front, maxHeaderBytes } = apps[name]
    const timeouts = name === 'hasty' ? { timeouts: hastyTimeouts } : {}
    const server = opened.use(
      await listen({ fetch, front, port: 0, log: silent, ...timeouts, ...(maxHeaderBytes && { maxHeaderBytes }) }),
    )
    ports.set(name, server.port)
  }
  return Object.assign(opened, { ask: (request: FrozenRequest) => overSocket(ports.get(request.to) ?? 0, request) })
}

/**
 * Writes everything immediately, and reads until the answer is complete. Raw bytes get all answers until the connection
 * ends.
 */
export function overSocket(port: number, request: FrozenRequest): Promise<readonly Answer[]> {
  const { method, events, raw, half } = request
  const { promise, resolve, reject } = Promise.withResolvers<readonly Answer[]>()
  const socket = connect({ port, host: 'localhost', allowHalfOpen: true })
  const chunks: Buffer[] = []
  const look = (isClosed: boolean) => {
    const received = readAnswers(Buffer.concat(chunks), method === 'HEAD', isClosed)
    const answers = events === undefined ? received.answers : answersWithEvents(received, events)
    const isWhole = raw === undefined && answers.some(({ status }) => status >= 200)
    if (!isWhole && !isClosed) return
    socket.destroy()
    resolve(answers)
  }
  socket.setTimeout(15_000, () => socket.destroy(new Error(`${request.name} has no answer`)))
  socket.on('data', (chunk) => {
    chunks.push(chunk)
    look(false)
  })
  socket.once('end', () => look(true))
  socket.once('error', (error: NodeJS.ErrnoException) => (error.code ? look(true) : reject(error)))
  socket.write(raw === undefined ? requestBytes(request) : bytesOf(raw))
  if (half) socket.end()
  return promise
}

function answersWithEvents({ answers, begun }: Received, count: number): Answer[] {
  const text = begun?.body.toString() ?? ''
  if (!begun || !hasEvents(text, count)) return answers
  return [answerOf(begun.status, begun.headers, Buffer.from(firstEvents(text, count)))]
}

function requestBytes({ method = 'GET', path, headers = [], body, chunked }: FrozenRequest): Buffer {
  const bytes = Buffer.from(bytesOf(body))
  const hasBody = body !== undefined || method === 'POST'
  const framing = chunked ? ['transfer-encoding: chunked'] : hasBody ? [`content-length: ${bytes.byteLength}`] : []
  const lines = [
    `${method} ${path} HTTP/1.1`,
    `host: ${host}`,
    ...headers.map((pair) => pair.join(': ')),
    ...framing,
    '',
    '',
  ]
  const head = Buffer.from(lines.join('\r\n'), 'latin1')
  if (!chunked) return Buffer.concat([head, bytes])
  return Buffer.concat([head, Buffer.from(`${bytes.byteLength.toString(16)}\r\n`), bytes, Buffer.from('\r\n0\r\n\r\n')])
}

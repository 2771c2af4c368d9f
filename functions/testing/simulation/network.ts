import type { Life } from './life.ts'
import { never, type World } from './world.ts'

export type Answer = { status: number; headers: { [name: string]: string }; body: string }
/** `waitMs` asks the server to wait that long if need be. */
export type Message = {
  method: 'GET' | 'POST'
  path: string
  headers?: { [name: string]: string }
  body?: Uint8Array
  waitMs?: number
}

/** A process that answers requests, each within its deadline. */
export type Server = {
  life: Life
  fetch(request: Request): Response | Promise<Response>
  deadlineMs: number
}

export type Network = {
  /** Sends a message to one of several servers. Rejects when there is no connection; it may also never settle. */
  send(from: Life, to: readonly Server[], message: Message, mayDouble: boolean): Promise<Answer>
  /** Calls a server directly, without a network. */
  serve(server: Server, message: Message): Promise<Answer>
  /** Reports every request that waits beyond its deadline. */
  checkDeadlines(): void
}

export function createNetwork(world: World): Network {
  const { random, rates, way, now, violate, note } = world
  const open = new Set<{ server: Server; message: Message; since: number }>()

  async function serve(server: Server, message: Message): Promise<Answer> {
    const { method, path, headers = {}, body } = message
    const request = { server, message, since: now() }
    open.add(request)
    const length = { 'content-length': String(body?.byteLength ?? 0) }
    const response = await server.fetch(
      new Request(
        `http://log${path}`,
        body
          ? { method, headers: { ...headers, ...length }, body: body as Uint8Array<ArrayBuffer> }
          : { method, headers },
      ),
    )
    const answer = {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: await response.text(),
    }
    open.delete(request)
    if (!server.life.isOver()) check(request, answer)
    return answer
  }

  function check({ server, message, since }: { server: Server; message: Message; since: number }, answer?: Answer) {
    const tookMs = now() - since
    const what = `${server.life.name} ${message.method} ${message.path}`
    note(`${what}: ${answer?.status ?? 'no answer'} in ${tookMs} ms`)
    const mayTakeMs = server.deadlineMs + (message.waitMs ?? 0)
    if (tookMs > mayTakeMs) violate(`${what} took ${tookMs} ms, limit ${mayTakeMs}`)
    if (answer?.status === 500) violate(`${what} answered 500: ${answer.body}`)
  }

  const reset = async () => (random.chance(0.5) ? never : Promise.reject(new Error('the connection was reset')))

  return {
    serve,
    send: (from, to, message, mayDouble) =>
      from.ask(async () => {
        await way()
        if (from.isOver()) return never
        const running = to.filter(({ life }) => !life.isOver())
        if (running.length === 0) throw new Error('the connection was refused')
        if (random.chance(rates.lostRequest)) return reset()
        const server = random.pick(running)
        if (mayDouble && random.chance(rates.doubledRequest)) {
          void way()
            .then(() => serve(random.pick(running), message))
            .catch(() => {})
        }
        const died = server.life.ended.then(() => Promise.reject(new Error('the server died')))
        const answer = await Promise.race([serve(server, message), died])
        await way()
        if (random.chance(rates.lostAnswer)) return reset()
        return answer
      }),
    checkDeadlines() {
      for (const request of open) {
        if (!request.server.life.isOver()) check(request)
      }
    },
  }
}

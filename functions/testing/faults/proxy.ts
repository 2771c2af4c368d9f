import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type NetConnectOpts, type Socket } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { setTimeout as wait } from 'node:timers/promises'

/** `up` is from the client to the server, `down` the way back. */
export type Direction = 'up' | 'down'

/** A fault of a link. All but the last three apply to open connections and to new ones. */
export type Toxic =
  /** Delays every piece of data by `ms`. */
  | { kind: 'latency'; ms: number; direction?: Direction }
  | { kind: 'bandwidth'; bytesPerSecond: number; direction?: Direction }
  /** Resets a connection once it has carried `afterBytes` more bytes. */
  | { kind: 'cut'; afterBytes: number; direction?: Direction }
  /** Nothing comes through, and neither side is told; the data arrives when the toxic is removed. */
  | { kind: 'black hole'; direction?: Direction }
  /** Nobody listens, and open connections are reset. */
  | { kind: 'refuse' }
  /** Resets the open connections, once. */
  | { kind: 'reset' }
  /** Closes one direction of the open connections, once; the other stays open. */
  | { kind: 'half-close'; direction: Direction }

export type ProxyOptions = {
  /** The servers to connect to: in turn, skipping those that refuse. */
  upstreams: readonly Pick<NetConnectOpts & { port: number; host?: string }, 'port' | 'host'>[]
  host?: string
  /** How long a connection waits for a server that does not listen; then it is reset. */
  holdMs?: number
  /** Rewrites the answers: makes a function for each connection, which may hold back incomplete answers. */
  rewrite?: () => (chunk: Buffer) => Buffer
}

export type FaultProxy = AsyncDisposable & {
  port: number
  /** Sets the fault that applies from now on; undefined removes it. */
  set(toxic: Toxic | undefined): Promise<void>
  connections(): number
}

type Link = { client: Socket; upstream: Socket; carried: { [direction in Direction]: number }; closed: AbortSignal }

const holdStepMs = 50

/** A TCP proxy on this machine that injects the faults of networks into its connections. */
export async function startProxy({
  upstreams,
  host = '127.0.0.1',
  holdMs = 0,
  rewrite,
}: ProxyOptions): Promise<FaultProxy> {
  const links = new Set<Link>()
  const clients = new Set<Socket>()
  let toxic: Toxic | undefined
  let changed = Promise.withResolvers<void>()
  let turn = 0
  let closing = false

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    clients.add(client)
    client.on('error', () => {}).once('close', () => clients.delete(client))
    accept(client).catch(() => client.resetAndDestroy())
  })
  const listenOn = async (port: number) => {
    await once(server.listen(port, host), 'listening')
    return (server.address() as AddressInfo).port
  }
  const port = await listenOn(0)

  async function accept(client: Socket) {
    const upstream = await reach(client)
    const closed = new AbortController()
    const link: Link = { client, upstream, carried: { up: 0, down: 0 }, closed: closed.signal }
    links.add(link)
    client.once('close', () => closed.abort())
    upstream.once('close', () => closed.abort())
    // an error on one side also ends the other
    await Promise.all([
      pipeline(client, through(link, 'up'), upstream),
      pipeline(upstream, through(link, 'down', rewrite?.()), client),
    ]).catch(() => reset(link))
    links.delete(link)
  }

  function reset({ client, upstream }: Link) {
    client.resetAndDestroy()
    upstream.resetAndDestroy()
  }

  async function reach(client: Socket): Promise<Socket> {
    const deadline = performance.now() + holdMs
    for (;;) {
      for (const _ of upstreams) {
        const place = upstreams[turn++ % upstreams.length]
        if (!place) break
        const upstream = connect({ ...place, allowHalfOpen: true, noDelay: true })
        const isOpen = await once(upstream, 'connect').then(
          () => true,
          () => false,
        )
        if (isOpen) return upstream.on('error', () => {})
      }
      if (performance.now() >= deadline || closing || client.destroyed) throw new Error('nobody listens')
      await wait(holdStepMs)
    }
  }

  function through(link: Link, direction: Direction, rewriting = (chunk: Buffer) => chunk) {
    return async function* (source: AsyncIterable<Buffer>) {
      for await (const chunk of source) {
        const bytes = rewriting(chunk)
        if (bytes.byteLength > 0) yield* suffer(bytes, link, direction)
      }
    }
  }

  async function* suffer(bytes: Buffer, link: Link, direction: Direction): AsyncGenerator<Buffer> {
    let rest = bytes
    while (rest.byteLength > 0) {
      const now = toxic
      if (!now || ('direction' in now && now.direction && now.direction !== direction)) return yield rest
      if (now.kind === 'black hole') {
        await untilChangedOrClosed(link)
      } else if (now.kind === 'latency') {
        await wait(now.ms, undefined, { signal: link.closed })
        return yield rest
      } else if (now.kind === 'bandwidth') {
        const piece = Math.max(1, Math.floor(now.bytesPerSecond / 20))
        yield rest.subarray(0, piece)
        rest = rest.subarray(piece)
        await wait(50, undefined, { signal: link.closed })
      } else if (now.kind === 'cut') {
        const left = now.afterBytes - link.carried[direction]
        link.carried[direction] += rest.byteLength
        if (rest.byteLength < left) return yield rest
        if (left > 0) yield rest.subarray(0, left)
        // lets out the data that was written before the reset
        await new Promise(setImmediate)
        reset(link)
        throw new Error('cut')
      } else return yield rest
    }
  }

  async function untilChangedOrClosed({ closed }: Link) {
    closed.throwIfAborted()
    const gone = Promise.withResolvers<void>()
    const onAbort = () => gone.reject(closed.reason)
    closed.addEventListener('abort', onAbort)
    try {
      await Promise.race([changed.promise, gone.promise])
    } finally {
      closed.removeEventListener('abort', onAbort)
    }
  }

  function resetAll() {
    for (const client of clients) client.resetAndDestroy()
    for (const { upstream } of links) upstream.resetAndDestroy()
  }

  async function set(next: Toxic | undefined) {
    const before = toxic
    toxic = next
    for (const link of links) link.carried = { up: 0, down: 0 }
    if (next?.kind === 'refuse' && before?.kind !== 'refuse') {
      server.close()
      resetAll()
    } else if (next?.kind !== 'refuse' && before?.kind === 'refuse') await listenOn(port)
    if (next?.kind === 'reset') resetAll()
    if (next?.kind === 'half-close') {
      for (const { client, upstream } of links) (next.direction === 'up' ? upstream : client).end()
    }
    changed.resolve()
    changed = Promise.withResolvers()
  }

  return {
    port,
    set,
    connections: () => links.size,
    async [Symbol.asyncDispose]() {
      closing = true
      resetAll()
      if (server.listening) await new Promise((resolve) => server.close(resolve))
    },
  }
}

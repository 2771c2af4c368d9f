import type { Server } from 'node:http'
import { type AddressInfo, createServer, isIP, type Server as NetServer } from 'node:net'
import { StartError } from '../config.ts'

/** Where a server accepts connections. */
export type Bound = {
  port: number
  /** The addresses as they are written in URLs. */
  hosts: readonly string[]
  /** Whether only this machine can reach it. */
  isLoopback: boolean
  /** Stops accepting connections, and resolves once all are closed. */
  close(): Promise<void>
}

/** How often a port that the system chose may be taken for the other loopback address. */
const maxTries = 10

/**
 * Listens on the host: an address of this machine, or `localhost`, which is 127.0.0.1 and, where there is one, ::1.
 * Clients try both, so another program at ::1 would get what is sent to localhost.
 */
export async function bind(server: Server, port: number, host = 'localhost'): Promise<Bound> {
  if (host !== 'localhost') return boundTo(port, [await accept(server, port, host)])
  for (let tries = 1; ; tries++) {
    const first = await accept(server, port, '127.0.0.1')
    // connections that another server accepts are handed over
    const second = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => server.emit('connection', socket))
    try {
      return boundTo(port, [first, await accept(second, portOf(first), '::1')])
    } catch (error) {
      const { code = '' } = (error as StartError).cause as NodeJS.ErrnoException
      if (hasNoAddress.includes(code)) return boundTo(port, [first])
      await closed(first)
      if (port !== 0 || code !== 'EADDRINUSE' || tries === maxTries) throw error
    }
  }
}

const hasNoAddress = ['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL', 'EACCES']

async function accept<Any extends NetServer>(server: Any, port: number, host: string): Promise<Any> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen({ port, host }, resolve)
  await promise.catch((error) => {
    throw listenError(error, port, host)
  })
  server.off('error', reject)
  return server
}

function boundTo(port: number, servers: readonly NetServer[]): Bound {
  const addresses = servers.map((server) => (server.address() as AddressInfo).address)
  return {
    port: servers[0] ? portOf(servers[0]) : port,
    hosts: addresses.map((address) => (isIP(address) === 6 ? `[${address}]` : address)),
    isLoopback: addresses.every((address) => /^(?:::ffff:)?127\.|^::1$/.test(address)),
    close: async () => void (await Promise.all(servers.map(closed))),
  }
}

const portOf = (server: NetServer) => (server.address() as AddressInfo).port

const closed = (server: NetServer) => new Promise<void>((resolve) => server.close(() => resolve()))

function listenError(cause: NodeJS.ErrnoException, port: number, host: string): Error {
  switch (cause.code) {
    case 'EADDRINUSE': {
      const detail = `Port ${port} is in use. Stop the program that uses it, or choose another port: PORT=${port + 1}`
      return new StartError(detail, { cause })
    }
    case 'EACCES':
      return new StartError(`This process may not use port ${port}; choose one above 1023 with PORT`, { cause })
    case 'ENOTFOUND':
    case 'EADDRNOTAVAIL':
    case 'EAI_AGAIN':
    case 'EINVAL':
    case 'EAFNOSUPPORT':
      return new StartError(
        `HOST=${host} is not an address of this machine; use 0.0.0.0 to listen on all of its addresses.`,
        { cause },
      )
    default:
      return new StartError(`Cannot listen on port ${port} of ${host}: ${cause.message}`, { cause })
  }
}

import type { Server } from 'node:http'
import { type Connection, isIdle } from './pipeline.ts'

type Options = {
  connections: ReadonlyMap<unknown, Connection>
  max: number
  gradually: (work: () => void) => void
}

/** Closing the idle connections looks at all of them. */
const everyMs = 1_000

/**
 * Bounds the connections of a server, since each takes 10 to 40 KB even before its first request is complete. Beyond the
 * maximum those that are idle are closed, as every client has to expect; where that is not enough, so are new ones.
 */
export function boundConnections(server: Server, { connections, max, gradually }: Options): void {
  const maxBeyond = Math.ceil(max / 10)
  let open = 0
  let closedIdleAt = Number.NEGATIVE_INFINITY
  server.on('connection', (socket) => {
    open++
    socket.once('close', () => {
      open--
    })
    if (open <= max) return
    if (performance.now() - closedIdleAt >= everyMs) {
      closedIdleAt = performance.now()
      for (const connection of connections.values()) if (isIdle(connection)) gradually(() => closeIfIdle(connection))
    }
    if (open > max + maxBeyond) socket.destroy()
  })
}

/** Thousands of connections may be idle for the same time. Those that have a request meanwhile stay. */
export function closeIdleGradually(server: Server, { connections, gradually }: Omit<Options, 'max'>): void {
  server.on('timeout', (socket) => {
    const connection = connections.get(socket)
    gradually(() => (connection ? closeIfIdle(connection) : socket.destroy()))
  })
}

function closeIfIdle(connection: Connection) {
  if (isIdle(connection)) connection.socket.destroy()
}

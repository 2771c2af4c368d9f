import type { Server } from 'node:http'

/** Closing the idle connections looks at all of them. */
const everyMs = 1_000

/**
 * Bounds the connections of a server, since each takes 10 to 40 KB even before its first request is complete. Beyond the
 * maximum those that are idle are closed, as every client has to expect; where that is not enough, so are new ones.
 */
export function boundConnections(server: Server, max: number): void {
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
      server.closeIdleConnections()
    }
    if (open > max + maxBeyond) socket.destroy()
  })
}

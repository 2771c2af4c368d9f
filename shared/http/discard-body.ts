import type { IncomingMessage, Server } from 'node:http'

/** How much of a body that nobody reads is discarded. */
const maxDiscardedBytes = 64 * 1024

/** Reads the body that a GET or HEAD may have, so that it does not stay in the connection, and drops it. */
export function discardBody(server: Server, request: IncomingMessage): void {
  const { method, headers, socket } = request
  if (method !== 'GET' && method !== 'HEAD') return
  if (headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0) return
  let bytes = 0
  request.on('data', (chunk: Uint8Array) => {
    bytes += chunk.byteLength
    if (bytes > maxDiscardedBytes) server.emit('clientError', notRead(), socket)
  })
}

const notRead = () => Object.assign(new Error('The body is not read'), { code: 'ERR_BODY_NOT_READ' })

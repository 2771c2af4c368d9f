import { once } from 'node:events'
import type { ServerResponse } from 'node:http'

/**
 * Resets the connection, so that nobody takes a partial answer for a complete one. Closing it would not be enough: in
 * HTTP/1.0 a closed connection marks the end of the body. Resolves once the connection is gone.
 */
export async function breakOff(
  response: Pick<ServerResponse, 'socket' | 'closed' | 'once'> | undefined,
): Promise<void> {
  if (!response || response.closed) return
  const gone = once(response as ServerResponse, 'close')
  response.socket?.resetAndDestroy()
  await gone
}

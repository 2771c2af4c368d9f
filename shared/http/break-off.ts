import { once } from 'node:events'
import type { ServerResponse } from 'node:http'

/**
 * Ends a transfer so that nobody takes what has arrived for all of it: by a reset, since where the end of the connection is
 * the end of the body (HTTP/1.0), closing it would be such an end. Resolves when it is gone.
 */
export async function breakOff(
  response: Pick<ServerResponse, 'socket' | 'closed' | 'once'> | undefined,
): Promise<void> {
  if (!response || response.closed) return
  const gone = once(response as ServerResponse, 'close')
  response.socket?.resetAndDestroy()
  await gone
}

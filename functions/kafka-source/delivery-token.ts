import { ConfigError } from '@activity-log/shared/config.ts'
import { watchFile } from '@activity-log/shared/http/watched-file.ts'
import type { Log } from '@activity-log/shared/log.ts'

/** The token of the moment: Kubernetes replaces the file long before the token in it expires. */
export type DeliveryToken = () => Promise<string | undefined>

const maxTokenBytes = 8 * 1024

/** Follows the file with the token that deliveries carry. Rejects with ConfigError if there is no token in it now. */
export async function openDeliveryToken(file: string, log: Log, now?: () => number): Promise<DeliveryToken> {
  const { current } = watchFile(file, { parse: readToken, maxBytes: maxTokenBytes, log, ...(now && { now }) })
  if ((await current()) === undefined) {
    throw new ConfigError(
      `Invalid configuration:\n  DELIVERY_TOKEN_FILE must name a file with a token; ${file} has none`,
    )
  }
  return current
}

function readToken(text: string): string {
  const token = text.trim()
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) throw new Error('holds no signed token')
  return token
}

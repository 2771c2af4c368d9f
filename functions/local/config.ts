import { accessEntries } from '@activity-log/shared/access-config.ts'
import { LogLevel } from '@activity-log/shared/config.ts'
import { listenEntries } from '@activity-log/shared/listen-config.ts'
import * as v from 'valibot'

export const Config = v.object({
  ...listenEntries('3000'),
  ...accessEntries,
  DATA_DIR: v.optional(v.string(), './data'),
  LOG_LEVEL: LogLevel,
})

export type Config = v.InferOutput<typeof Config>

/** The address of a function. It has no path, because the gateway passes on the paths of the API as they are. */
const Origin = v.pipe(
  v.string(),
  v.check((text) => {
    const url = URL.parse(text)
    return url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`
  }, 'must be http://host:port or https://host:port, without a path'),
  v.transform((text) => new URL(text).origin),
)

export const GatewayConfig = v.object({
  ...listenEntries('3000'),
  INGEST_URL: Origin,
  PERSIST_URL: Origin,
  QUERY_URL: Origin,
  LOG_LEVEL: LogLevel,
})

export const ForwardConfig = v.object({
  HOST: listenEntries('0').HOST,
  FORWARD: v.pipe(
    v.string(),
    v.transform((text) => text.split(',').map((route) => /^(\d{1,5})=([\w.-]+):(\d{1,5})$/.exec(route.trim()))),
    v.check((routes) => routes.every((route) => route), 'must be a comma-separated list of port=host:port'),
    v.transform((routes) =>
      routes.flatMap((route) =>
        route ? [{ from: Number(route[1]), host: `${route[2]}`, port: Number(route[3]) }] : [],
      ),
    ),
  ),
  LOG_LEVEL: LogLevel,
})

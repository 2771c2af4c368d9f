import { unavailable } from '@activity-log/shared/http/problem.ts'
import { createService, type Service } from '@activity-log/shared/http/service.ts'
import type { Log } from '@activity-log/shared/log.ts'

export type HealthOptions = {
  log: Log
  /** The time of the last sign of life, in the milliseconds of `now`. */
  lastSign: () => number
  now?: () => number
}

/**
 * A consumer sends a heartbeat every 3 s, and a source that cannot reach Kafka tries again at least twice a minute. One
 * that does neither for this long is stuck, and only a new process helps.
 */
export const stuckAfterMs = 120_000

/** Answers `GET /healthz` with a 503 once the source is stuck. An outage of Kafka or of the sink is not that. */
export function createHealth({ log, lastSign, now = Date.now }: HealthOptions): Service {
  return createService({
    log,
    routes: {
      'GET /healthz': {
        scope: 'public',
        handle: async () => {
          const silentMs = now() - lastSign()
          if (silentMs <= stuckAfterMs) return { status: 200, body: { status: 'ok' } }
          const detail = `The source has been silent for ${Math.round(silentMs / 1000)} s; restart it.`
          throw unavailable(detail, undefined, { fact: 'The source has been silent for too long; restart it.' })
        },
      },
    },
  })
}

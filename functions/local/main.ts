import { resolve } from 'node:path'
import { readConfig } from '@activity-log/shared/config.ts'
import { openLog } from '@activity-log/shared/http/open-log.ts'
import { run } from '@activity-log/shared/http/run.ts'
import { listen, untilTerminated } from '@activity-log/shared/http/serve.ts'
import { Config } from './config.ts'
import { openEmbedded } from './embedded-log.ts'

async function main() {
  const config = readConfig(Config, process.env)
  const log = openLog('activity-log', config.LOG_LEVEL)
  const stopping = new AbortController()
  await using embedded = await openEmbedded({ folder: config.DATA_DIR, log, stopping: stopping.signal })
  await using server = await listen({
    fetch: embedded.fetch,
    front: embedded.front,
    kindOf: embedded.kindOf,
    port: config.PORT,
    log,
    trustedProxies: config.TRUSTED_PROXIES,
  })
  process.stdout.write(banner(`http://localhost:${server.port}`, resolve(config.DATA_DIR)))
  const signal = await untilTerminated()
  log.info({ signal }, 'stopping; requests in flight are finished first')
  stopping.abort()
}

const banner = (origin: string, folder: string) => `
  Activity Log records what users do and finds it again.

    ${origin}/logs    POST activities here, and GET them page by page
    ${folder}    stores them (DATA_DIR)

  Send one, then look:

    curl -X POST ${origin}/logs -H 'content-type: application/json' -d '{"userId":"user_123","action":"click_button"}'
    curl '${origin}/logs?userId=user_123'

  Ctrl-C stops the log without losing an accepted activity.

`

run(main)

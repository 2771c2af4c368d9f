import { resolve } from 'node:path'
import { readConfig } from '@activity-log/shared/config.ts'
import { openLog } from '@activity-log/shared/http/open-log.ts'
import { run } from '@activity-log/shared/http/run.ts'
import { type Listening, listen, untilTerminated } from '@activity-log/shared/http/serve.ts'
import { listenOptions } from '@activity-log/shared/listen-config.ts'
import { Config } from './config.ts'
import { openEmbedded } from './embedded-log.ts'
import { startQuickCheck } from './quick-check.ts'

async function main() {
  const config = readConfig(Config, process.env)
  const log = openLog('activity-log', config.LOG_LEVEL)
  const stopping = new AbortController()
  await using embedded = await openEmbedded({
    folder: config.DATA_DIR,
    log,
    stopping: stopping.signal,
    basePath: config.BASE_PATH,
  })
  await using server = await listen({
    fetch: embedded.fetch,
    front: embedded.front,
    isPage: embedded.isPage,
    kindOf: embedded.kindOf,
    ...listenOptions(config),
    log,
  })
  await using _check = startQuickCheck({ paths: embedded.files, log })
  process.stdout.write(banner(server, config.BASE_PATH, resolve(config.DATA_DIR)))
  const signal = await untilTerminated()
  log.info({ signal }, 'stopping after the requests in flight')
  stopping.abort()
}

function banner({ hosts, port, isLoopback }: Listening, basePath: string, folder: string): string {
  const [first = 'localhost'] = hosts
  const isEvery = first === '0.0.0.0' || first === '[::]'
  const origin = `http://${isLoopback || isEvery ? 'localhost' : first}:${port}${basePath}`
  const listens = `listens on ${hosts.join(' and ')}, port ${port}`
  const reach = isLoopback
    ? 'only this machine can reach it (HOST)'
    : 'every machine that reaches it can read and write everything (HOST)'
  return `
  Activity Log records what users do and finds it again.

    ${origin}/logs    POST activities here, and GET them page by page
    ${folder}    stores them (DATA_DIR)

  It ${listens}: ${reach}.

  Send one, then look:

    curl -X POST ${origin}/logs -H 'content-type: application/json' -d '{"userId":"user_123","action":"click_button"}'
    curl '${origin}/logs?userId=user_123'

  Ctrl-C stops the log without losing an accepted activity.

`
}

run(main)

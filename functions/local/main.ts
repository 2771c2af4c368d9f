import { resolve } from 'node:path'
import { warmUp } from '@activity-log/query/warm-up.ts'
import { openAccess } from '@activity-log/shared/access/open-access.ts'
import { accessRule } from '@activity-log/shared/access-config.ts'
import { readConfig } from '@activity-log/shared/config.ts'
import { openLog } from '@activity-log/shared/http/open-log.ts'
import { run } from '@activity-log/shared/http/run.ts'
import { type Listening, listen, untilTerminated } from '@activity-log/shared/http/serve.ts'
import { listenOptions } from '@activity-log/shared/listen-config.ts'
import { Config } from './config.ts'
import { openEmbedded } from './embedded-log.ts'
import { watchFilesInPlace } from './files-in-place.ts'
import { DataError } from './folder-file.ts'
import { startQuickCheck } from './quick-check.ts'

/** The first page for people gets what it needs this long after the start, which it would otherwise delay. */
const warmUpMs = 1_000

async function main() {
  const config = readConfig(Config, process.env, accessRule)
  const log = openLog('activity-log', config.LOG_LEVEL)
  const access = await openAccess(config, log)
  const stopping = new AbortController()
  await using embedded = await openEmbedded({
    folder: config.DATA_DIR,
    log,
    stopping: stopping.signal,
    basePath: config.BASE_PATH,
    access,
  })
  await using server = await listen({
    fetch: embedded.fetch,
    front: embedded.front,
    isPage: embedded.isPage,
    kindOf: embedded.kindOf,
    ...listenOptions(config),
    onTurnedAway: access?.onTurnedAway,
    log,
  })
  await using _check = startQuickCheck({ paths: embedded.files, log })
  using _warming = warmUp(warmUpMs)
  using files = watchFilesInPlace(embedded.files)
  process.stdout.write(banner(server, config, access !== undefined))
  const cause = await Promise.race([untilTerminated(), files.untilGone])
  stopping.abort()
  if (cause instanceof DataError) throw cause
  log.info({ signal: cause }, 'stopping after the requests in flight')
}

function banner({ hosts, port, isLoopback }: Listening, { BASE_PATH, DATA_DIR }: Config, asksForKeys: boolean): string {
  const [first = 'localhost'] = hosts
  const isEvery = first === '0.0.0.0' || first === '[::]'
  const origin = `http://${isLoopback || isEvery ? 'localhost' : first}:${port}${BASE_PATH}`
  const listens = `listens on ${hosts.join(' and ')}, port ${port}`
  const reach = isLoopback ? 'only this machine can reach it (HOST)' : 'other machines can reach it (HOST)'
  const access = asksForKeys
    ? 'Every request needs a key (ACCESS_FILE)'
    : 'Without keys, everybody who reaches it can read and write everything (ACCESS_FILE)'
  const key = asksForKeys ? '-H "authorization: Bearer $ACTIVITY_LOG_KEY" ' : ''
  return `
  Activity Log records what users do and finds it again.

    ${origin}/logs    POST activities here, and GET them page by page
    ${resolve(DATA_DIR)}    stores them (DATA_DIR)

  It ${listens}: ${reach}.
  ${access}.

  Send one, then look:

    curl -X POST ${origin}/logs ${key}-H 'content-type: application/json' -d '{"userId":"user_123","action":"click_button"}'
    curl ${key}'${origin}/logs?userId=user_123'

  Ctrl-C stops the log without losing an accepted activity.

`
}

run(main)

import { readConfig } from '@activity-log/shared/config.ts'
import { openLog } from '@activity-log/shared/http/open-log.ts'
import { run } from '@activity-log/shared/http/run.ts'
import { listen, untilTerminated } from '@activity-log/shared/http/serve.ts'
import { listenOptions } from '@activity-log/shared/listen-config.ts'
import { GatewayConfig } from './config.ts'
import { createGateway } from './gateway-app.ts'

async function main() {
  const config = readConfig(GatewayConfig, process.env)
  const log = openLog('gateway', config.LOG_LEVEL)
  const { INGEST_URL: ingest, PERSIST_URL: persist, QUERY_URL: query } = config
  const app = createGateway({
    ingest,
    persist,
    query,
    log,
    basePath: config.BASE_PATH,
    trustedProxies: config.TRUSTED_PROXIES,
  })
  await using server = await listen({ ...app, ...listenOptions(config), log })
  log.info({ port: server.port, hosts: server.hosts }, 'listening')
  const signal = await untilTerminated()
  log.info({ signal }, 'stopping after the requests in flight')
}

run(main)

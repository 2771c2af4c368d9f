import { readConfig } from '@activity-log/shared/config.ts'
import { openLog } from '@activity-log/shared/http/open-log.ts'
import { run } from '@activity-log/shared/http/run.ts'
import { listen, untilTerminated } from '@activity-log/shared/http/serve.ts'
import { GatewayConfig } from './config.ts'
import { createGateway } from './gateway-app.ts'

async function main() {
  const config = readConfig(GatewayConfig, process.env)
  const log = openLog('gateway', config.LOG_LEVEL)
  const { INGEST_URL: ingest, PERSIST_URL: persist, QUERY_URL: query, TRUSTED_PROXIES: trustedProxies } = config
  const app = createGateway({ ingest, persist, query, log, trustedProxies })
  await using server = await listen({ ...app, port: config.PORT, log, trustedProxies })
  log.info({ port: server.port }, 'listening')
  const signal = await untilTerminated()
  log.info({ signal }, 'stopping; requests in flight are finished first')
}

run(main)

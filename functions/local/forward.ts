import { connect, createServer, type Socket } from 'node:net'
import { readConfig, StartError } from '@activity-log/shared/config.ts'
import { openLog } from '@activity-log/shared/http/open-log.ts'
import { run } from '@activity-log/shared/http/run.ts'
import { untilTerminated } from '@activity-log/shared/http/serve.ts'
import { ForwardConfig } from './config.ts'

/**
 * Forwards TCP connections as FORWARD says: 9092=kafka:19092,27017=mongo:27017. A compose profile cannot publish ports
 * of a service that always runs, but it can start this program beside the service.
 */
async function main() {
  const config = readConfig(ForwardConfig, process.env)
  const log = openLog('forward', config.LOG_LEVEL)
  for (const { from, host, port } of config.FORWARD) {
    const server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
      const target = connect({ host, port, noDelay: true, allowHalfOpen: true })
      join(client, target)
      join(target, client)
    })
    await new Promise<void>((resolve, reject) => server.listen(from, config.HOST, resolve).once('error', reject)).catch(
      (cause) => {
        throw new StartError(`Cannot listen on port ${from} of FORWARD: ${cause.message}`, { cause })
      },
    )
    log.info({ from, to: `${host}:${port}` }, 'forwarding')
  }
  const signal = await untilTerminated()
  log.info({ signal }, 'stopping')
  // connections may stay open forever; both ends can handle a connection that is cut
  process.exit(0)
}

/** Passes on the end of a connection as an end, and an error as a reset. */
function join(one: Socket, other: Socket) {
  one.pipe(other)
  one.on('error', () => other.resetAndDestroy())
}

run(main)

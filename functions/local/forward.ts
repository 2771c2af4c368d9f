import { connect, createServer, type Socket } from 'node:net'
import { readConfig, StartError } from '@activity-log/shared/config.ts'
import { openLog } from '@activity-log/shared/http/open-log.ts'
import { run } from '@activity-log/shared/http/run.ts'
import { untilTerminated } from '@activity-log/shared/http/serve.ts'
import { ForwardConfig } from './config.ts'

/**
 * Passes TCP connections on, as FORWARD says: 9092=kafka:19092,27017=mongo:27017. A compose profile cannot publish the ports of a
 * service that always runs; it can start this beside it.
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
    await new Promise<void>((resolve, reject) => server.listen(from, resolve).once('error', reject)).catch((cause) => {
      throw new StartError(`Port ${from} cannot be used: ${cause.message}`, { cause })
    })
    log.info({ from, to: `${host}:${port}` }, 'forwarding')
  }
  const signal = await untilTerminated()
  log.info({ signal }, 'stopping')
  // connections may stay open for ever: their ends know what to do when they are cut
  process.exit(0)
}

/** An end is passed on as an end, and a break as a break. */
function join(one: Socket, other: Socket) {
  one.pipe(other)
  one.on('error', () => other.resetAndDestroy())
}

run(main)

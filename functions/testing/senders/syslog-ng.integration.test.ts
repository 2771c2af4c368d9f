import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { until } from '@activity-log/shared/testing/builders.ts'
import { aFolder, startCommand } from '@activity-log/shared/testing/processes.ts'
import { expect, test } from 'vitest'
import { freePorts } from '../production.ts'
import { allOnce, throughAnOutage } from './an-outage.ts'
import { recipeText } from './recipe.ts'

const { stdout, error } = spawnSync('syslog-ng', ['--version'], { encoding: 'utf8' })
const isThere = error === undefined && /Available-Modules:.*\bhttp\b/s.test(stdout)
const version = /Config version: (\S+)/.exec(stdout)?.[1] ?? ''

test.skipIf(!isThere)(
  'syslog-ng: 100 records arrive once, through an outage, and a bad one holds up none',
  {
    timeout: 180_000,
  },
  async () => {
    const arrived = await throughAnOutage('app', async (port) => {
      const [folder, input] = [aFolder(), (await freePorts(1))[0] as number]
      const file = join(folder, 'syslog-ng.conf')
      writeFileSync(
        file,
        `@version: ${version}
source s_app { network(ip("127.0.0.1") port(${input}) transport("tcp")); };
${recipeText('syslog-ng', port)}
log { source(s_app); destination(d_log); };
`,
      )
      const own = ['--persist-file', 'persist', '--pidfile', 'pid', '--control', 'control'].map((word) =>
        word.startsWith('--') ? word : join(folder, word),
      )
      const program = startCommand('syslog-ng', ['--foreground', '--no-caps', '--cfgfile', file, ...own])
      const socket = await opened(input)
      const send = (message: string) => void socket.write(`<13>2024-01-15T10:00:00+00:00 host ${message}\n`)
      // it is sent at once, so it is alone in its request, which gets a 400
      send(`app: ${'x'.repeat(300)}`)
      return Object.assign(program, {
        write: (action: string) => send(`app: ${action}`),
        end: async () => void socket.end(),
      })
    })
    expect(arrived.toSorted()).toEqual(allOnce)
  },
)

/** Connects once the program listens. */
async function opened(port: number): Promise<Socket> {
  const sockets: Socket[] = []
  await until(async () => {
    const socket = connect(port, '127.0.0.1')
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    if (isOpen) sockets.push(socket)
    return isOpen
  })
  return sockets[0] as Socket
}

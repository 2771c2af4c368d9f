import { connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

export const hostileWays = ['pipelines', 'sends slowly', 'reads half', 'takes all slots', 'reads everything'] as const
export type HostileWay = (typeof hostileWays)[number]

/** How long a hostile client keeps its connections. */
const attackMs = 4_000

const get = (path: string, headers = '') => `GET ${path} HTTP/1.1\r\nhost: localhost\r\n${headers}\r\n`
const receipt = 'AQAAAAAAAAP__wAAAaIQMHYH'
const slowHead =
  'POST /logs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 4194304\r\n\r\n['

/** Takes as much of the log as one machine can, in one of several ways, while others use it. */
export async function hostileClient(port: number, what: HostileWay): Promise<void> {
  const sockets: Socket[] = []
  /** Opens connections that each send a text; one that is not `reading` takes only the first bytes. */
  const open = (count: number, text: string, reading = true) => {
    for (let n = 0; n < count; n++) {
      const socket = connect({ port, host: '127.0.0.1' }).on('error', () => {})
      socket.write(text)
      if (reading) socket.resume()
      else socket.once('data', () => socket.pause())
      sockets.push(socket)
    }
  }
  switch (what) {
    case 'pipelines':
      open(20, get('/logs?limit=100').repeat(2_000))
      open(20, get(`/receipts/${receipt}?wait=30`).repeat(2_000))
      break
    case 'sends slowly':
      open(500, slowHead)
      open(500, 'POST /logs HTTP/1.1\r\nhost: lo')
      break
    case 'reads half':
      open(60, get('/export?format=ndjson'), false)
      open(60, get('/logs?limit=1000').repeat(4), false)
      break
    case 'takes all slots':
      open(300, get('/live').repeat(4))
      open(300, get(`/receipts/${receipt}?wait=30`).repeat(4))
      open(20, get('/logs?count=exact&limit=1').repeat(4))
      break
    case 'reads everything':
      open(200, get('/logs?limit=1000'))
      open(1, get('/live', 'last-event-id: AgCZvl77\r\n'))
      open(50, get('/export?format=csv'), false)
  }
  await wait(attackMs)
  for (const socket of sockets) socket.destroy()
}

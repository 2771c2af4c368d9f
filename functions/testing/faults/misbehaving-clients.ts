import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

const head = (length: number) =>
  `POST /logs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`
const body = JSON.stringify({ id: 'never-whole', userId: 'user_1', action: 'click_button' })
const several = 20

/**
 * Clients that disconnect in the middle of a request, close their side of it, or are slow. None of them sends a whole
 * request.
 */
export async function misbehavingClient(port: number, what: 'aborts' | 'sends half' | 'is slow'): Promise<void> {
  await Promise.all(Array.from({ length: several }, () => one(port, what)))
}

async function one(port: number, what: 'aborts' | 'sends half' | 'is slow') {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => {}).resume()
  await once(socket, 'connect').catch(() => {})
  if (what === 'is slow') {
    for (const byte of head(body.length).slice(0, 40)) {
      if (socket.destroyed) return
      socket.write(byte)
      await wait(50)
    }
    socket.destroy()
    return
  }
  socket.write(head(body.length) + body.slice(0, -10))
  await wait(20)
  if (what === 'aborts') socket.resetAndDestroy()
  else socket.end()
}

import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { ownActivity } from '../own-activity.ts'
import { newKey } from './key.ts'
import { postOwn } from './post-own.ts'

test.each([
  ['changes the protocol', 'HTTP/1.1 101 Other\r\nconnection: upgrade\r\nupgrade: other\r\n\r\n'],
  ['is cut off', 'HTTP/1.1 2'],
])('an answer that %s says that nothing is recorded', async (_, answer) => {
  const server = createServer((socket: Socket) => {
    socket.on('error', () => {}).once('data', () => socket.end(answer))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const publish = postOwn({ url: `http://127.0.0.1:${port}`, key: newKey().text })
  const own = ownActivity('shop', { action: 'export', keyId: 'k', at: new Date(0), metadata: {} })
  await expect(publish(own)).rejects.toThrow(Error)
  server.close()
})

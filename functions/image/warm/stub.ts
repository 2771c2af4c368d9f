import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

export type Stub = AsyncDisposable & { address: string }
/** Takes what has come so far of a request that begins there; undefined when it is not whole yet. */
export type Protocol = {
  length(received: Buffer): number
  answer(message: Buffer, address: string): Buffer
}

/** A server that has an answer to every message of a protocol. */
export async function openStub({ length, answer }: Protocol): Promise<Stub> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    let received: Buffer = Buffer.alloc(0)
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      while (received.length >= 4 && received.length >= length(received)) {
        const message = received.subarray(0, length(received))
        received = received.subarray(message.length)
        socket.write(answer(message, address))
      }
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    address,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

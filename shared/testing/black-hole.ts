import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export type BlackHole = AsyncDisposable & {
  port: number
  /** From now on the proxy accepts data and connections but passes nothing on, and neither side is told. */
  open(): void
  /**
   * New connections are passed on again. Connections that existed while it was open stay dead, as after a network
   * fault.
   */
  close(): void
}

/** Passes connections on to a server on this machine, until it swallows them. */
export async function blackHoleBefore(target: number): Promise<BlackHole> {
  const sockets = new Set<Socket>()
  const pairs = new Set<[client: Socket, server: Socket]>()
  let isOpen = false
  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
  }
  const server = createServer((client) => {
    keep(client)
    if (isOpen) return void client.resume()
    const target_ = connect(target, '127.0.0.1')
    keep(target_)
    const pair: [Socket, Socket] = [client, target_]
    pairs.add(pair)
    client.pipe(target_).pipe(client)
    for (const socket of pair) {
      socket.on('close', () => {
        if (!pairs.delete(pair)) return
        for (const end of pair) end.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    open() {
      isOpen = true
      for (const [client, target] of pairs) {
        client.unpipe().resume()
        target.unpipe().resume()
      }
      pairs.clear()
    },
    close() {
      isOpen = false
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

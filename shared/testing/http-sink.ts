import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Received = {
  headers: { [name: string]: string }
  body: Buffer
  path: string
  /** Whether the connection was closed before the answer. */
  aborted: boolean
}
export type Answered = { status: number; headers?: { [name: string]: string }; body?: string }

export type HttpSink = AsyncDisposable & { url: string; received: Received[]; underWay: () => number }

/** A sink that keeps the requests that it receives, and answers when the test says so. */
export async function anHttpSink(
  answer: (received: Received) => Answered | Promise<Answered> = () => ({ status: 204 }),
): Promise<HttpSink> {
  const received: Received[] = []
  let underWay = 0
  const server = createServer(async (request, response) => {
    underWay++
    const one: Received = { headers: {}, body: Buffer.alloc(0), path: request.url ?? '', aborted: false }
    for (const [name, value] of Object.entries(request.headers)) one.headers[name] = String(value)
    response.on('close', () => {
      underWay--
      one.aborted = !response.writableFinished
    })
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    one.body = Buffer.concat(chunks)
    received.push(one)
    const { status, headers, body } = await answer(one)
    response.writeHead(status, headers).end(body)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    received,
    underWay: () => underWay,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}

import { listen } from '../http/serve.ts'
import type { Service } from '../http/service.ts'
import { silent } from './builders.ts'

export const ways = ['handed over', 'over a socket'] as const
export type Way = AsyncDisposable & { request(app: Service, path: string, init: RequestInit): Promise<Response> }

/**
 * Sends requests to a service directly, or over a socket, where its fast path serves them. Both have to answer alike.
 */
export async function openWay(name: (typeof ways)[number], maxHeaderBytes?: number): Promise<Way> {
  if (name === 'handed over') {
    return { request: async (app, path, init) => app.request(path, init), async [Symbol.asyncDispose]() {} }
  }
  let current: Service | undefined
  const server = await listen({
    front: (...exchange) => current?.front(...exchange),
    fetch: (request, bindings) => current?.fetch(request, bindings) ?? new Response(null, { status: 500 }),
    port: 0,
    log: silent,
    ...(maxHeaderBytes && { maxHeaderBytes }),
  })
  return {
    async request(app, path, init) {
      current = app
      return fetch(`http://localhost:${server.port}${path}`, init)
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

import type { App } from '../http/app.ts'
import type { Front } from '../http/front.ts'
import { listen } from '../http/serve.ts'
import { silent } from './builders.ts'

/** An app with its front: both have to answer alike. */
export type Fronted = App & { front: Front }
export const ways = ['handed over', 'over a socket'] as const
export type Way = AsyncDisposable & { request(app: Fronted, path: string, init: RequestInit): Promise<Response> }

/** How requests get to an app: handed to it, or over a socket, where its front is. */
export async function openWay(name: (typeof ways)[number], maxHeaderBytes?: number): Promise<Way> {
  if (name === 'handed over') {
    return { request: async (app, path, init) => app.request(path, init), async [Symbol.asyncDispose]() {} }
  }
  let current: Fronted | undefined
  const server = await listen({
    front: (request, response, own) => current?.front(request, response, own),
    fetch: (request) => current?.fetch(request) ?? new Response(null, { status: 500 }),
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

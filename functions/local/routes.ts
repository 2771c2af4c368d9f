import { type Log, methodNotAllowed, newApp } from '@activity-log/shared/http/app.ts'

type Target = 'ingest' | 'query'
type Method = 'GET' | 'POST'

/** Which function answers what, where all of them share one origin. What is not here is query's to answer. */
const routes: { readonly [path: string]: { readonly [method in Method]?: Target } } = {
  '/logs': { POST: 'ingest', GET: 'query' },
}

export type Targets = { readonly [target in Target]: (request: Request) => Response | Promise<Response> }

/** One origin for the functions behind it. */
export function createOrigin({ targets, log }: { targets: Targets; log: Log }) {
  const app = newApp(log)
  for (const [path, methods] of Object.entries(routes)) {
    for (const [method, target] of Object.entries(methods)) app.on(method, path, (c) => targets[target](c.req.raw))
    const allowed = Object.keys(methods).flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
    app.all(path, methodNotAllowed(...allowed))
  }
  app.all('*', (c) => targets.query(c.req.raw))
  return app
}

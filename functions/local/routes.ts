import { Problem } from '@activity-log/shared/http/problem.ts'
import { getPath } from 'hono/utils/url'

type Target = 'ingest' | 'query'
type Method = 'GET' | 'POST'

/** Which function answers what, where all of them share one origin. What is not here is query's to answer. */
const routes: { readonly [path: string]: { readonly [method in Method]?: Target } } = {
  '/logs': { POST: 'ingest', GET: 'query' },
}

type Fetch = (request: Request, env?: object) => Response | Promise<Response>

/** One origin for the functions behind it. */
export function createOrigin(targets: { readonly [target in Target]: Fetch }): Fetch {
  return (request, env) => {
    const path = getPath(request)
    const methods = routes[path]
    if (!methods) return targets.query(request, env)
    const method = request.method === 'HEAD' ? 'GET' : request.method
    const target = Object.hasOwn(methods, method) ? methods[method as Method] : undefined
    return target ? targets[target](request, env) : methodNotAllowed(request.method, path, Object.keys(methods))
  }
}

function methodNotAllowed(method: string, path: string, allowed: string[]): Response {
  const allow = allowed.flatMap((name) => (name === 'GET' ? ['GET', 'HEAD'] : [name])).join(', ')
  const detail = `${method} is not allowed on ${path}; ${allow} is.`
  return new Problem('method-not-allowed', detail, { headers: { allow } }).toResponse()
}

import { Problem } from '@activity-log/shared/http/problem.ts'
import { getPath } from 'hono/utils/url'

type Target = 'ingest' | 'persist' | 'query'

/**
 * Which function answers what, where all of them share one origin. What is not here is query's to answer. Of persist there is
 * only what operators do about dead letters: what its dispatchers deliver to is not part of the API.
 */
const routes: readonly { path: RegExp; methods: { readonly [method: string]: Target } }[] = [
  { path: /^\/logs$/, methods: { POST: 'ingest', GET: 'query' } },
  { path: /^\/dead-letters\/[^/]+$/, methods: { GET: 'query', DELETE: 'persist' } },
  { path: /^\/dead-letters\/[^/]+\/replay$/, methods: { POST: 'persist' } },
]

type Fetch = (request: Request, env?: object) => Response | Promise<Response>

/** One origin for the functions behind it. */
export function createOrigin(targets: { readonly [target in Target]: Fetch }): Fetch {
  return (request, env) => {
    const path = getPath(request)
    const route = routes.find((each) => each.path.test(path))
    if (!route) return targets.query(request, env)
    const { methods } = route
    const method = request.method === 'HEAD' && methods['GET'] ? 'GET' : request.method
    const target = Object.hasOwn(methods, method) ? methods[method] : undefined
    return target ? targets[target](request, env) : methodNotAllowed(request.method, path, Object.keys(methods))
  }
}

function methodNotAllowed(method: string, path: string, allowed: string[]): Response {
  const allow = allowed.flatMap((name) => (name === 'GET' ? ['GET', 'HEAD'] : [name])).join(', ')
  const detail = `${method} is not allowed on ${path}; ${allow} is.`
  return new Problem('method-not-allowed', detail, { headers: { allow } }).toResponse()
}

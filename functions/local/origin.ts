import { createApp as createIngest } from '@activity-log/ingest/app.ts'
import { createApp as createPersist } from '@activity-log/persist/app.ts'
import { createApp as createQuery } from '@activity-log/query/app.ts'
import { Problem } from '@activity-log/shared/http/problem.ts'
import {
  type Entry,
  entriesOf,
  methodsByPath,
  pathPattern,
  type Routes,
  type Scope,
} from '@activity-log/shared/http/route.ts'
import { wrongMethod } from '@activity-log/shared/http/wrong-method.ts'

export type FunctionName = 'ingest' | 'persist' | 'query'
export type Tables = { readonly [name in FunctionName]: Routes }
export type OriginEntry = Entry & { owner: FunctionName }

/**
 * The scopes of each function's routes that the origin serves. Deliveries to persist are not part of the API.
 * `Allow` lists the methods of a path in this order.
 */
const served: readonly { owner: FunctionName; scopes: readonly Scope[] }[] = [
  { owner: 'ingest', scopes: ['write'] },
  { owner: 'query', scopes: ['read', 'operate', 'public'] },
  { owner: 'persist', scopes: ['operate'] },
]

/** Lists the routes of the one origin, each with the function that answers it. */
export function originEntries(tables: Tables): readonly OriginEntry[] {
  return served.flatMap(({ owner, scopes }) =>
    entriesOf(tables[owner])
      // each process has metrics of its own
      .filter(({ path, route }) => scopes.includes(route.scope) && path !== '/metrics')
      .map((entry) => ({ ...entry, owner })),
  )
}

/** Merges the tables of the functions into the table of the one origin. */
export function originRoutes(tables: Tables): Routes {
  return Object.fromEntries(originEntries(tables).map(({ method, path, route }) => [`${method} ${path}`, route]))
}

export type FindTarget = (method: string, path: string) => FunctionName

/**
 * Returns a function that finds out which function answers a request to the one origin. It throws a 405 if several
 * functions share the path and none has the method, and a 404 outside of the base path.
 */
export function createTargetFinder(tables: Tables, basePath = ''): FindTarget {
  const entries = originEntries(tables)
  const paths = [...methodsByPath(entries)].map(([path, allowed]) => {
    const routes = entries.filter((entry) => entry.path === path)
    return { pattern: pathPattern(basePath + path), allowed, routes }
  })
  return (method, path) => {
    if (path !== basePath && !path.startsWith(`${basePath}/`)) {
      throw new Problem('not-found', `${path} is not a path of this service; GET ${basePath}/logs lists the log.`)
    }
    // the first match has the methods of all: /logs/batch is a path of its own, and also that of an activity
    const known = paths.filter(({ pattern }) => pattern.test(path))
    const routes = known.flatMap((each) => each.routes)
    // query answers unknown paths with its 404
    const [first = 'query', second] = new Set(routes.map(({ owner }) => owner))
    if (!second) return first
    const asked = method === 'HEAD' ? 'GET' : method
    const route = routes.find((each) => each.method === asked)
    if (!route) throw wrongMethod(method, path, known[0]?.allowed ?? [])
    return route.owner
  }
}

/** Returns tables that only name the routes: their handlers have no dependencies and must not be called. */
export function readTables(): Tables {
  const nothing = {} as never
  return {
    ingest: createIngest({ broker: nothing, log: nothing, now: nothing, newId: nothing }).routes,
    persist: createPersist({ store: nothing, log: nothing, now: nothing }).routes,
    query: createQuery({ store: nothing, log: nothing, now: nothing }).routes,
  }
}

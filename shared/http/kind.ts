import { type Entry, pathPattern, type Route } from './route.ts'
import type { SlotKind } from './slots.ts'

/** Tells which slots a request uses, from its method and its URL. */
export type KindOf = (method: string, url: string) => SlotKind

/** The kind of a request whose route names none: GET and HEAD read, all others write. */
export const usualKind: KindOf = (method) => (method === 'GET' || method === 'HEAD' ? 'reads' : 'writes')

/**
 * Looks up the kind in the table of routes. A path that is written in another way, for instance with percent-encoding,
 * is decoded first, as the router does: otherwise it would use other slots than the same path in plain text.
 */
export function createKindFinder(entries: readonly Entry[], basePath = ''): KindOf {
  const named = entries.filter(({ route }) => route.kind !== undefined)
  const exact = new Map(
    named.filter(({ path }) => !path.includes('/:')).map(({ method, path, route }) => [`${method} ${path}`, route]),
  )
  const patterns = named
    .filter(({ path }) => path.includes('/:'))
    .map(({ method, path, route }) => ({ method, route, pattern: pathPattern(path) }))

  function routeOf(method: string, path: string): Route | undefined {
    return (
      exact.get(`${method} ${path}`) ??
      patterns.find((each) => each.method === method && each.pattern.test(path))?.route
    )
  }

  return (method, url) => {
    // no write has slots of its own yet
    if (method !== 'GET' && method !== 'HEAD' && !named.some((each) => each.method === method)) return 'writes'
    const kind = routeOf(method === 'HEAD' ? 'GET' : method, below(basePath, pathOf(url)))?.kind
    if (kind === undefined) return usualKind(method, url)
    return typeof kind === 'string' ? kind : kind(url)
  }
}

const below = (basePath: string, path: string) => (path.startsWith(basePath) ? path.slice(basePath.length) : path)

const plainPath = /^\/[\w~/.:-]*$/

function pathOf(url: string): string {
  const at = url.indexOf('?')
  const path = at === -1 ? url : url.slice(0, at)
  if (plainPath.test(path) && !path.includes('//') && !path.includes('/.')) return path
  const parsed = URL.parse(url, 'http://localhost')?.pathname ?? path
  try {
    return decodeURIComponent(parsed)
  } catch {
    return parsed
  }
}

import { isSameHost } from './door.ts'

/**
 * Whether a page of this very origin sends the request, as its browser says. Browsers add a cookie to requests of other
 * pages as well, and a page of a neighboring host counts as the same site.
 */
export function isFromOwnPage(header: (lowerCaseName: string) => string | undefined): boolean {
  const site = header('sec-fetch-site')
  if (site !== undefined) return site === 'same-origin'
  // over plain HTTP, browsers send Origin alone
  const origin = header('origin')
  return origin !== undefined && isSameHost(origin, header('host'))
}

/**
 * Whether a page of a neighboring host sends the request. Browsers add the cookie to it, although the page is of another
 * origin, and the use of the log would be recorded as that of the person who looks at the page.
 */
export const isFromNeighbor = (header: (lowerCaseName: string) => string | undefined): boolean =>
  header('sec-fetch-site') === 'same-site'

export const isSafeMethod = (method: string): boolean => method === 'GET' || method === 'HEAD'

/** Whether the host of a URL is the machine of the browser itself, where it keeps secure cookies over plain HTTP. */
export const isThisMachine = (hostname: string): boolean => /^(?:localhost|127\.[\d.]+|\[::1\])$/.test(hostname)

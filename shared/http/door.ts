import type { IncomingMessage } from 'node:http'
import { Problem } from './problem.ts'

export type DoorOptions = {
  /** Names beside those of this machine, with or without a port. */
  allowedHosts: readonly string[]
  /** Whether requests for other hosts are answered, too. */
  anyHost: boolean
  /** Origins whose pages may send requests, as browsers name them: https://app.example.com */
  allowedOrigins: readonly string[]
  /** Whether the path is that of a page for people, which other sites may link to. */
  isPage: (path: string) => boolean
}

/** Returns the problem that answers a request that is not let in. */
export type Door = (request: Pick<IncomingMessage, 'method' | 'url' | 'headers'>) => Problem | undefined

/**
 * Decides whether a request is let in, by its headers and its path alone, before anything is looked up. So a page of
 * another site can send nothing from the browser of somebody who reaches the log. If the host name of that site leads
 * here (DNS rebinding), browsers take it for the same site, but Host has that name.
 */
export function createDoor({ allowedHosts, anyHost, allowedOrigins, isPage }: DoorOptions): Door {
  const hosts = new Set([...thisMachine, ...allowedHosts.map((host) => host.toLowerCase())])
  const origins = new Set(allowedOrigins.map((origin) => origin.toLowerCase()))
  const isOurs = (host: string) => hosts.has(host) || hosts.has(host.replace(/:\d*$/, ''))

  function checkHost(name: string): Problem | undefined {
    if (!isHost(name)) return notAHost
    return anyHost || isOurs(name.toLowerCase()) ? undefined : otherHost(name)
  }
  /** Nearly all requests name the same host, and parsing it takes longer than the rest. */
  let lastHost: string | undefined

  return ({ method, url = '', headers }) => {
    const { authority, path } = targetOf(url)
    const { host } = headers
    if (host !== undefined && host !== lastHost) {
      const problem = checkHost(host)
      if (problem) return problem
      lastHost = host
    }
    const problem = authority === undefined ? undefined : checkHost(authority)
    if (problem) return problem
    const isLink = method === 'GET' && isNavigation(headers) && isPage(path)
    if (!isLink && isForeign(headers, authority ?? host)) return foreign
    return isOdd(path) ? oddPath : undefined
  }

  /**
   * Trusts Sec-Fetch-Site, which no page can set; where it does not decide, an Origin has to be that of the request.
   */
  function isForeign(headers: IncomingMessage['headers'], host: string | undefined): boolean {
    if (headers['sec-fetch-site'] === undefined && headers.origin === undefined) return false
    const sites = listed(headers['sec-fetch-site'])
    const senders = listed(headers.origin)
    if (senders.length > 0 && senders.every((origin) => origins.has(origin))) return false
    if (sites.includes('cross-site') || (sites.includes('same-site') && isEmbedded(headers))) return true
    if (sites.length > 0 && sites.every((site) => site === 'same-origin' || site === 'none')) return false
    return senders.some((origin) => !origins.has(origin) && !isSameHost(origin, host))
  }
}

const thisMachine = ['localhost', '127.0.0.1', '[::1]']

/** The parts of a request target. Only one in absolute form has an authority, which then counts instead of Host. */
function targetOf(url: string): { authority: string | undefined; path: string } {
  if (/^\/[\w/]*$/.test(url)) return { authority: undefined, path: url }
  const [, authority, path = ''] = /^(?:https?:\/\/([^/?#\\]*))?([^?#]*)/i.exec(url) ?? []
  return { authority, path }
}

/** Whether the text is a host, perhaps with a port (RFC 9110, section 7.2). */
const isHost = (text: string) =>
  /^(?:[\w.~!$&'()*+,;=%-]+|\[[\da-f:.]+\])(?::\d*)?$/i.test(text) && hostIn('http', text.replace(/:\d*$/, '')) !== ''

/** The host, and the port unless it is the default; an empty text if the host is not valid. */
const hostIn = (scheme: string, host: string) => URL.parse(`${scheme}://${host}`)?.host ?? ''

/** Node joins repeated headers with commas; a list of origins has spaces in it (RFC 6454, section 7.1). */
const listed = (value: string | string[] | undefined): string[] =>
  value === undefined
    ? []
    : String(value)
        .toLowerCase()
        .split(/[,\s]+/)
        .filter((part) => part !== '')

/** A page without an origin, for example in a sandbox, sends `null`, which equals no origin. */
export function isSameHost(origin: string, host: string | undefined): boolean {
  const [, scheme, sender] = /^(https?):\/\/([^/?#@\\]+)$/.exec(origin) ?? []
  if (!scheme || !sender || host === undefined) return false
  const name = hostIn(scheme, sender)
  return name !== '' && name === hostIn(scheme, host)
}

/** Whether a person follows a link. Frames and other elements also load pages, but nobody follows a link then. */
function isNavigation(headers: IncomingMessage['headers']): boolean {
  const { 'sec-fetch-mode': mode, 'sec-fetch-dest': purpose = 'document' } = headers
  return mode === 'navigate' && purpose === 'document'
}

/**
 * Whether a page loads this into itself, and so sends no Origin. It cannot read what it gets, but it could tell that an id
 * exists, and make the log work. Pages at the other ports of this machine are of the same site.
 */
function isEmbedded(headers: IncomingMessage['headers']): boolean {
  const mode = headers['sec-fetch-mode']
  return mode === 'no-cors' || (mode === 'navigate' && !isNavigation(headers))
}

/**
 * Whether programs on the way disagree about what the path means: some drop dot segments and empty segments, or take a
 * backslash for a slash, and so would look up another path than the one that was checked.
 */
const isOdd = (path: string) => /\/\/|\\|(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i.test(path)

const notAHost = new Problem('invalid-input', 'The Host header is not the name of a host.')
const foreign = new Problem(
  'forbidden',
  'Pages of other sites may not use the log; ALLOWED_ORIGINS names those that may. Links may lead to pages of the log.',
)
const oddPath = new Problem(
  'invalid-input',
  'A path must not contain //, \\ or the segments . and .., not even percent-encoded. ' +
    'If an id contains them, percent-encode the whole id.',
)

const otherHost = (name: string) =>
  new Problem(
    'misdirected',
    `This log does not answer for the host ${name.slice(0, 255)}, only for localhost and what ALLOWED_HOSTS names.`,
  )

import { timingSafeEqual } from 'node:crypto'
import type { InputError } from '../checked.ts'
import { type BareRequest, visitor, whyNot } from '../http/caller.ts'
import { namesTenant, readNamedTenant } from '../http/named-tenant.ts'
import { invalidInput, Problem, unavailable } from '../http/problem.ts'
import { createRateLimits } from '../http/rate-limits.ts'
import type { Caller, Route, Scope } from '../http/route.ts'
import { isFromNeighbor, isFromOwnPage, isSafeMethod } from '../http/same-origin.ts'
import { createTenantShares } from '../http/tenant-share.ts'
import type { Log } from '../log.ts'
import { createRateLimit } from '../rate-limited-log.ts'
import { reasons } from '../reasons.ts'
import { asTenant, systemTenant } from '../tenant.ts'
import { createTokenBuckets } from '../token-buckets.ts'
import type { Access, SeenKey } from './access.ts'
import type { AccessFile } from './access-file.ts'
import { type AccessList, isTenantOfKeys } from './access-list.ts'
import { hashOfKey, type Key, keyInUrl, readKey } from './key.ts'
import { type KeyRing, type RingKey, toKeyRing } from './key-ring.ts'
import { isSessionOf, newSession, readSession } from './session.ts'

export type AccessOptions = {
  file: AccessFile
  log: Pick<Log, 'warn'>
  now: () => number
  /** A clock in milliseconds that is never set back. */
  clock?: () => number
}

/** Judges each request by the key that it brings. */
export function createAccess({ file, log, now, clock = () => performance.now() }: AccessOptions): Access {
  const limited = createRateLimit()
  const rejected = { missing: 0, invalid: 0, leaked: 0, suspended: 0 }
  let list: AccessList = file.current()
  let ring = toKeyRing(list)
  /** The keys of this ring by headers that have proved them: most requests bring what another brought a moment ago. */
  const proved = new Map<string, RingKey>()

  function currentRing(): KeyRing {
    const current = file.current()
    if (current !== list) {
      ring = toKeyRing(current)
      proved.clear()
    }
    list = current
    return ring
  }

  /** Undefined for an unknown key as for a wrong one, which both take the same work. */
  function keptOf(ring: KeyRing, key: Key): RingKey | undefined {
    const kept = ring.find(key.id)
    const isEqual = timingSafeEqual(Buffer.from(hashOfKey(key)), Buffer.from(kept?.hash ?? hashOfNoKey))
    return isEqual && kept?.isValidAt(now()) ? kept : undefined
  }

  /** The key is looked up again for each request of a session, so a session ends when its key does. */
  function keptOfSession(ring: KeyRing, cookie: string | undefined): RingKey | undefined {
    const session = readSession(cookie)
    const kept = session && ring.find(session.keyId)
    return kept && isSessionOf(session, kept, now()) && kept.isValidAt(now()) ? kept : undefined
  }

  /** A key where programs keep copies of it counts as known to others. The log gets its id alone. */
  function leaked(ring: KeyRing, key: Key, place: keyof typeof leaks): Problem {
    rejected.leaked++
    const holder = keptOf(ring, key)?.caller
    if (holder) {
      const fields = { keyId: key.id, tenant: holder.tenant, place }
      limited((...line) => log.warn(...line), fields, 'a key has leaked; revoke it', `leaked ${key.id}`)
    }
    return leaks[place]
  }

  function authenticate(request: BareRequest, route: Route): Caller | Problem {
    const ring = currentRing()
    const inUrl = keyInUrl(request.url)
    if (inUrl) return leaked(ring, inUrl, 'url')
    const ofPage = keyOfPage(request.header('authorization'), request.header('origin'))
    if (ofPage) return leaked(ring, ofPage, 'origin')
    if (route.scope === 'public') return visitor
    if (route.scope === 'deliver') return dispatcher
    if (ring.isEmpty) return noKeys()
    const kept = request.header('authorization') === undefined ? bySession(ring, request, route) : byKey(ring, request)
    if (kept instanceof Problem) return kept
    seen(kept)
    const { caller } = kept
    return whyNot(caller, route) ?? notSuspended(ring, route, asTenantOf(ring, caller, request, route))
  }

  /** An Authorization header decides alone, whatever cookie comes with it. */
  function byKey(ring: KeyRing, request: BareRequest): RingKey | Problem {
    const header = request.header('authorization') ?? ''
    const known = proved.get(header)
    if (known?.isValidAt(now())) return known
    const sent = bearerOf(header)
    if (sent === undefined) {
      rejected.missing++
      return noKey
    }
    const key = readKey(sent)
    const kept = key && keptOf(ring, key)
    if (kept) {
      if (proved.size === maxProved) proved.clear()
      // one with much space in it would take as much memory
      if (header.length === 'Bearer '.length + key.text.length) proved.set(header, kept)
      return kept
    }
    rejected.invalid++
    return invalidKey
  }

  /** Programs write, and people read and operate; so no page can make a browser write. */
  function bySession(ring: KeyRing, { method, header }: BareRequest, { scope, page }: Route): RingKey | Problem {
    const kept = ofPeople.has(scope) ? keptOfSession(ring, header('cookie')) : undefined
    if (!kept) {
      rejected.missing++
      return notSignedIn
    }
    const isFromOwn = isSafeMethod(method) ? page || !isFromNeighbor(header) : isFromOwnPage(header)
    return isFromOwn ? kept : ofAnotherPage
  }

  /** When to tell of each key again: never, unless a listener failed. */
  const tellAgainAt = new Map<string, number>()
  const listeners: ((key: SeenKey) => Promise<void>)[] = []
  function seen({ id, created, caller }: RingKey): void {
    const again = tellAgainAt.get(id)
    if (again !== undefined && (again === Number.POSITIVE_INFINITY || clock() < again)) return
    tellAgainAt.set(id, Number.POSITIVE_INFINITY)
    const told = Promise.all(listeners.map((listener) => listener({ keyId: id, created, caller })))
    void told.catch((error) => {
      tellAgainAt.set(id, clock() + tellAgainMs)
      const fields = { keyId: id, reason: reasons(error) }
      limited((...line) => log.warn(...line), fields, 'the first use of a key could not be recorded; it is tried again')
    })
  }

  /** Nothing may be written for a suspended tenant; what it has can still be read. */
  function notSuspended(ring: KeyRing, { scope }: Route, caller: Caller | Problem): Caller | Problem {
    if (caller instanceof Problem || scope !== 'write' || !ring.isSuspended(caller.tenant)) return caller
    rejected.suspended++
    return suspended
  }

  return {
    authenticate,
    around: [createRateLimits(createTokenBuckets({ now: clock })), createTenantShares()],
    signIn(text) {
      const ring = currentRing()
      if (ring.isEmpty) throw noKeys()
      const key = readKey(text)
      const kept = key && keptOf(ring, key)
      if (!kept) {
        rejected.invalid++
        return undefined
      }
      seen(kept)
      return { caller: kept.caller, session: newSession(key, kept, now()) }
    },
    signedIn: (cookie) => keptOfSession(currentRing(), cookie)?.caller,
    onFirstSeen: (listener) => void listeners.push(listener),
    onTurnedAway({ url = '', headers: { authorization, origin } }) {
      const inUrl = keyInUrl(url)
      if (inUrl) leaked(currentRing(), inUrl, 'url')
      const ofPage = keyOfPage(authorization, origin)
      if (ofPage) leaked(currentRing(), ofPage, 'origin')
    },
    isSuspended: (tenant) => currentRing().isSuspended(tenant),
    tenants: () => currentRing().tenants(),
    metrics() {
      const counts = Object.entries(rejected).map(([reason, n]) => `access_rejected_total{reason="${reason}"} ${n}\n`)
      return (
        '# HELP access_file_failures_total Changed access files that could not be used\n' +
        `# TYPE access_file_failures_total counter\naccess_file_failures_total ${file.failures()}\n` +
        '# HELP access_rejected_total Requests that no key let in\n' +
        `# TYPE access_rejected_total counter\n${counts.join('')}`
      )
    },
  }
}

/** An operator acts for the tenant that the request names. */
function asTenantOf(ring: KeyRing, caller: Caller, { url }: BareRequest, route: Route): Caller | Problem {
  if (route.ofAllTenants) return { ...caller, tenant: asTenant(systemTenant) }
  if (!caller.isOperator) return namesTenant(url) ? ownTenantOnly() : caller
  const named = readNamedTenant(url)
  if ('pointer' in named) return new Problem('invalid-input', `${named.pointer} ${named.detail}`, tenantWanted(named))
  const { tenant } = named
  if (route.scope === 'write' && tenant === systemTenant) return ofTheLog()
  // it could be neither limited nor suspended
  if (route.scope === 'write' && !isTenantOfKeys(tenant)) return ofNoKey()
  return { ...caller, tenant: asTenant(tenant), isNamed: true, limits: ring.limitsOf(caller.keyId, tenant) }
}

/** What follows the scheme `Bearer`; undefined if no such credentials were sent. */
function bearerOf(header: string | undefined): string | undefined {
  if (header === undefined || !/^bearer(?: |$)/i.test(header)) return undefined
  return header.slice('bearer'.length).trim()
}

/** The key that a page of a browser sends: browsers add the header Origin. */
const keyOfPage = (authorization: string | undefined, origin: string | undefined): Key | undefined =>
  origin === undefined ? undefined : readKey(bearerOf(authorization) ?? '')

const tellAgainMs = 60_000
const maxProved = 1_000

const ofPeople: ReadonlySet<Scope> = new Set<Scope>(['read', 'operate'])

const tenantWanted = (error: InputError) => ({ errors: [error], page: '/viewer/tenants' })

/** A hash that no key has, as text of the same length. */
const hashOfNoKey = '-'.repeat(43)

/** The network alone lets dispatchers in, unless they have to prove who they are. */
const dispatcher: Caller = {
  ...visitor,
  tenant: asTenant(systemTenant),
  scopes: new Set(['deliver']),
  subject: 'dispatcher',
}

const unauthenticated = (detail: string, challenge: string, page?: string) =>
  new Problem('unauthenticated', detail, {
    headers: { 'www-authenticate': `Bearer ${challenge}` },
    ...(page && { page }),
  })
const realm = 'realm="activity-log"'
const invalidToken = `${realm}, error="invalid_token"`

const withoutKey = 'The request has no key. Send one in the header Authorization: Bearer als_…'
const noKey = unauthenticated(withoutKey, realm)
/** The same answer; a person who asks for a page is led to the sign-in. */
const notSignedIn = unauthenticated(withoutKey, realm, '/login')
const ofAnotherPage = new Problem(
  'forbidden',
  'A session is for the pages of the log itself; no other page may use it. A program sends its key in Authorization.',
)
const invalidKey = unauthenticated(
  'The key is not valid: it is unknown, not valid yet, expired or revoked. Check that all of it was sent.',
  invalidToken,
)
const leaks = {
  url: unauthenticated(
    'A key in a URL is kept in logs and histories, so it is not taken. Revoke it, and send another in Authorization.',
    invalidToken,
  ),
  origin: unauthenticated(
    'A key in a page of a browser is known to all of its users, so it is not taken. Revoke it.',
    invalidToken,
  ),
}
const suspended = new Problem('suspended', 'The tenant is suspended: it can read its log, and not write to it.')
const noKeys = () => unavailable('The log has no keys yet; whoever operates it creates one: activity-log keys create.')
const ofTheLog = () =>
  invalidInput([{ pointer: 'tenant', detail: `${systemTenant} is for what the log itself writes` }])
const ofNoKey = () =>
  invalidInput([{ pointer: 'tenant', detail: 'must be one that a key can be for; none begins with $' }])
const ownTenantOnly = () =>
  invalidInput([{ pointer: 'tenant', detail: 'is for keys of every tenant; this key has its own' }])

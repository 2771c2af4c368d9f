import { timingSafeEqual } from 'node:crypto'
import { type BareRequest, visitor, whyNot } from '../http/caller.ts'
import { namesTenant, readNamedTenant } from '../http/named-tenant.ts'
import { invalidInput, Problem, unavailable } from '../http/problem.ts'
import type { Caller, Route } from '../http/route.ts'
import type { Log } from '../log.ts'
import { createRateLimit } from '../rate-limited-log.ts'
import { asTenant, systemTenant } from '../tenant.ts'
import type { Access } from './access.ts'
import type { AccessFile } from './access-file.ts'
import type { AccessList } from './access-list.ts'
import { findKey, hashOfKey, type Key, readKey } from './key.ts'
import { type KeyRing, toKeyRing } from './key-ring.ts'

export type AccessOptions = { file: AccessFile; log: Pick<Log, 'warn'>; now: () => number }

/** Judges each request by the key that it brings. */
export function createAccess({ file, log, now }: AccessOptions): Access {
  const limited = createRateLimit()
  const rejected = { missing: 0, invalid: 0, leaked: 0, suspended: 0 }
  let list: AccessList = file.current()
  let ring = toKeyRing(list)

  function currentRing(): KeyRing {
    const current = file.current()
    if (current !== list) ring = toKeyRing(current)
    list = current
    return ring
  }

  /** Undefined for an unknown key as for a wrong one, which both take the same work. */
  function callerOf(ring: KeyRing, key: Key): Caller | undefined {
    const kept = ring.find(key.id)
    const isEqual = timingSafeEqual(Buffer.from(hashOfKey(key)), Buffer.from(kept?.hash ?? hashOfNoKey))
    return isEqual && kept?.isValidAt(now()) ? kept.caller : undefined
  }

  /** A key where programs keep copies of it counts as known to others. The log gets its id alone. */
  function leaked(ring: KeyRing, key: Key, place: keyof typeof leaks): Problem {
    rejected.leaked++
    const holder = callerOf(ring, key)
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
    if (route.scope === 'public') return visitor
    if (route.scope === 'deliver') return dispatcher
    if (ring.isEmpty) return noKeys()
    const sent = bearerOf(request.header('authorization'))
    if (sent === undefined) {
      rejected.missing++
      return noKey
    }
    const key = readKey(sent)
    if (key && request.header('origin') !== undefined) return leaked(ring, key, 'origin')
    const caller = key && callerOf(ring, key)
    if (!caller) {
      rejected.invalid++
      return invalidKey
    }
    return whyNot(caller, route) ?? notSuspended(ring, route, asTenantOf(ring, caller, request, route))
  }

  /** Nothing may be written for a suspended tenant; what it has can still be read. */
  function notSuspended(ring: KeyRing, { scope }: Route, caller: Caller | Problem): Caller | Problem {
    if (caller instanceof Problem || scope !== 'write' || !ring.isSuspended(caller.tenant)) return caller
    rejected.suspended++
    return suspended
  }

  return {
    authenticate,
    onTurnedAway({ authorization, origin }) {
      const key = readKey(bearerOf(authorization) ?? '')
      if (key && origin !== undefined) leaked(currentRing(), key, 'origin')
    },
    isSuspended: (tenant) => currentRing().isSuspended(tenant),
    tenants: () => currentRing().tenants,
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
function asTenantOf(ring: KeyRing, caller: Caller, { url }: BareRequest, { ofAllTenants }: Route): Caller | Problem {
  if (ofAllTenants) return { ...caller, tenant: asTenant(systemTenant) }
  if (!caller.isOperator) return namesTenant(url) ? ownTenantOnly() : caller
  const named = readNamedTenant(url)
  if ('pointer' in named) return invalidInput([named])
  const { tenant } = named
  return { ...caller, tenant: asTenant(tenant), isNamed: true, limits: ring.limitsOf(caller.keyId, tenant) }
}

/** What follows the scheme `Bearer`; undefined if no such credentials were sent. */
function bearerOf(header: string | undefined): string | undefined {
  if (header === undefined || !/^bearer(?: |$)/i.test(header)) return undefined
  return header.slice('bearer'.length).trim()
}

/** The key in a URL, also if part of it is percent-encoded. */
function keyInUrl(url: string): Key | undefined {
  if (!url.includes('als') && !url.includes('%')) return undefined
  try {
    return findKey(url) ?? findKey(decodeURIComponent(url))
  } catch {
    return undefined
  }
}

/** A hash that no key has, as text of the same length. */
const hashOfNoKey = '-'.repeat(43)

/** The network alone lets dispatchers in, unless they have to prove who they are. */
const dispatcher: Caller = {
  ...visitor,
  tenant: asTenant(systemTenant),
  scopes: new Set(['deliver']),
  subject: 'dispatcher',
}

const unauthenticated = (detail: string, challenge: string) =>
  new Problem('unauthenticated', detail, { headers: { 'www-authenticate': `Bearer ${challenge}` } })
const realm = 'realm="activity-log"'
const invalidToken = `${realm}, error="invalid_token"`

const noKey = unauthenticated('The request has no key. Send one in the header Authorization: Bearer als_…', realm)
const invalidKey = unauthenticated(
  'The key is not valid: it is unknown, not valid yet, expired or revoked.',
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
const ownTenantOnly = () =>
  invalidInput([{ pointer: 'tenant', detail: 'is for keys of every tenant; this key has its own' }])

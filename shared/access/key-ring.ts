import type { Caller, CallerLimits, Scope } from '../http/route.ts'
import { asTenant } from '../tenant.ts'
import { type AccessList, everyTenant, type KeptKey, msOf } from './access-list.ts'

/** A key whose holder can be told: the caller is the same for all of its requests. */
export type RingKey = {
  id: string
  hash: string
  sessionHash: string
  created: string
  caller: Caller
  isValidAt(now: number): boolean
}

/** The keys of an access file, as requests look them up. */
export type KeyRing = {
  isEmpty: boolean
  find(id: string): RingKey | undefined
  isSuspended(tenant: string): boolean
  limitsOf(key: string | undefined, tenant: string): CallerLimits | undefined
  /** The tenants that have a key, in order. */
  tenants(): readonly string[]
}

export function toKeyRing({ keys, revoked, suspended, limits }: AccessList): KeyRing {
  const kept = new Map<string, KeptKey>()
  for (const key of keys) kept.set(key.id, key)
  const suspendedTenants = new Set(suspended)
  const tenantRates = new Map(Object.entries(limits.tenants))
  const scopesOf = sharedSets()

  function limitsOf(key: string | undefined, tenant: string): CallerLimits | undefined {
    const ofKey = key === undefined ? undefined : kept.get(key)?.rate
    const ofTenant = tenant === everyTenant ? undefined : (tenantRates.get(tenant) ?? limits.default)
    return ofKey === undefined && ofTenant === undefined ? undefined : { key: ofKey, tenant: ofTenant }
  }

  const toRingKey = ({ id, hash, sessionHash, name, tenant, scopes, created, ...times }: KeptKey): RingKey => {
    const from = times.notBefore === undefined ? Number.NEGATIVE_INFINITY : msOf(times.notBefore)
    const until = times.expires === undefined ? Number.POSITIVE_INFINITY : msOf(times.expires)
    const isRevoked = Object.hasOwn(revoked, id)
    const caller: Caller = {
      tenant: asTenant(tenant),
      isOperator: tenant === everyTenant,
      isNamed: false,
      system: undefined,
      scopes: scopesOf(scopes),
      subject: name,
      keyId: id,
      limits: limitsOf(id, tenant),
    }
    return { id, hash, sessionHash, created, caller, isValidAt: (now) => !isRevoked && now >= from && now < until }
  }

  // most keys of a large file are never used in the life of a process
  const used = new Map<string, RingKey>()

  function find(id: string): RingKey | undefined {
    const known = used.get(id)
    if (known) return known
    const key = kept.get(id)
    if (!key) return undefined
    const ringKey = toRingKey(key)
    used.set(id, ringKey)
    return ringKey
  }

  return {
    isEmpty: kept.size === 0,
    find,
    isSuspended: (tenant) => suspendedTenants.has(tenant),
    limitsOf,
    tenants: () => [...new Set(keys.map(({ tenant }) => tenant))].filter((tenant) => tenant !== everyTenant).sort(),
  }
}

/** Thousands of keys have the same few sets of scopes. */
function sharedSets() {
  const known = new Map<string, ReadonlySet<Scope>>()
  return (scopes: readonly Scope[]): ReadonlySet<Scope> => {
    const name = scopes.toSorted().join()
    const set = known.get(name) ?? new Set(scopes)
    known.set(name, set)
    return set
  }
}

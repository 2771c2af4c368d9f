import type { TokenBuckets } from '../token-buckets.ts'
import type { Answer } from './answer.ts'
import { Problem } from './problem.ts'
import type { Around, Caller, Scope, ServiceRequest } from './route.ts'

/** One rate that a caller is held to, by the name that its answers give it. */
type Policy = { name: 'key' | 'tenant'; bucket: string; perSecond: number }

/**
 * Holds callers to the rates of their key and of their tenant, in this process. A request is served as long as
 * something is left of each, and then takes one and what it spends beyond that: a batch counts for all of its
 * activities, even if that is more than what is left. The answers have the fields of
 * draft-ietf-httpapi-ratelimit-headers-10.
 */
export function createRateLimits(buckets: TokenBuckets): Around {
  return (handle, { scope }) => {
    // a dispatcher would only deliver again
    if (scope === 'deliver' || scope === 'public') return handle
    const limited = async (request: ServiceRequest, policies: readonly Policy[]) => {
      const violated = policies.filter(({ bucket, perSecond }) => buckets.left(bucket, perSecond) <= 0)
      if (violated.length > 0) throw quotaExceeded(violated, fieldsOf(policies))
      const spend = (units: number) => {
        for (const { bucket, perSecond } of policies) buckets.take(bucket, perSecond, units)
      }
      spend(1)
      try {
        return withFields(await handle({ ...request, spend }), fieldsOf(policies))
      } catch (error) {
        throw error instanceof Problem ? problemWith(error, fieldsOf(policies)) : error
      }
    }
    return (request) => {
      const policies = policiesOf(request.caller, scope)
      return policies.length === 0 ? handle(request) : limited(request, policies)
    }
  }

  function fieldsOf(policies: readonly Policy[]): { [name: string]: string } {
    return {
      'ratelimit-policy': policies.map(({ name, perSecond }) => `"${name}";q=${perSecond};w=1`).join(', '),
      ratelimit: policies
        .map((policy) => `"${policy.name}";r=${remaining(policy)};t=${secondsUntilMore(policy)}`)
        .join(', '),
    }
  }

  function remaining({ bucket, perSecond }: Policy): number {
    return Math.max(0, Math.floor(buckets.left(bucket, perSecond)))
  }

  /** The time until there is one more, or one at all. */
  function secondsUntilMore({ bucket, perSecond }: Policy): number {
    const left = buckets.left(bucket, perSecond)
    return left >= perSecond ? 0 : Math.max(1, Math.ceil((1 - left) / perSecond))
  }

  function quotaExceeded(violated: readonly Policy[], fields: { [name: string]: string }): Problem {
    const seconds = Math.max(...violated.map(secondsUntilMore))
    const rates = violated.map(({ name, perSecond }) => `${perSecond} a second for this ${name}`).join(' and ')
    return new Problem('quota-exceeded', `More was sent than ${rates}. Send the request again in ${seconds} s.`, {
      headers: { 'retry-after': String(seconds), ...fields },
      members: { 'violated-policies': violated.map(({ name }) => name) },
    })
  }
}

function policiesOf({ tenant, keyId, isOperator, limits }: Caller, scope: Scope): readonly Policy[] {
  if (!limits) return none
  const { key } = limits
  // who uses up the rate of a tenant keeps neither operators from looking after it, nor the log from recording that
  const isOfLog = scope === 'audit' || (isOperator && scope !== 'write')
  const ofTenant = isOfLog ? undefined : limits.tenant
  return [
    ...(key === undefined ? [] : [{ name: 'key' as const, bucket: `key ${keyId}`, perSecond: key }]),
    ...(ofTenant === undefined ? [] : [{ name: 'tenant' as const, bucket: `tenant ${tenant}`, perSecond: ofTenant }]),
  ]
}

const none: readonly Policy[] = []

const withFields = (answer: Answer, fields: { [name: string]: string }): Answer => ({
  ...answer,
  headers: { ...answer.headers, ...fields },
})

function problemWith({ code, message, options }: Problem, fields: { [name: string]: string }): Problem {
  return new Problem(code, message, { ...options, headers: { ...options.headers, ...fields } })
}

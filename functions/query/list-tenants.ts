import type { Answer } from '@activity-log/shared/http/answer.ts'
import { readParameters } from '@activity-log/shared/http/parameters.ts'
import { invalidInput } from '@activity-log/shared/http/problem.ts'
import type { Routes, ServiceRequest } from '@activity-log/shared/http/route.ts'
import { byCodePoint } from '@activity-log/shared/store/name-counter.ts'
import type { ActivityStore } from '@activity-log/shared/store/store.ts'
import * as v from 'valibot'
import type { TenantsAnswer } from './answers.ts'
import { fromStore } from './from-store.ts'
import { errorsOf, WholeNumber } from './parameter-schemas.ts'

export type TenantsDependencies = {
  store: Pick<ActivityStore, 'tenants'>
  /** The tenants that have a key, in order. */
  withKeys?: (() => readonly string[]) | undefined
}

export const TenantsParameters = v.object({
  limit: v.optional(v.pipe(WholeNumber(1000), v.description('The number of tenants on a page')), '100'),
  after: v.optional(v.pipe(v.string(), v.description('Only tenants after this name'))),
})

/** Lists the tenants that have a key or an activity, by name. */
export function tenantRoutes({ store, withKeys = () => [] }: TenantsDependencies): Routes {
  return { 'GET /tenants': { scope: 'operate', ofAllTenants: true, handle: list } }

  async function list({ url, basePath }: ServiceRequest): Promise<Answer> {
    const { parameters, errors } = readParameters(url, Object.keys(TenantsParameters.entries))
    const parsed = v.safeParse(TenantsParameters, parameters)
    errors.push(...errorsOf(parsed.issues))
    if (!parsed.success || errors.length > 0) throw invalidInput(errors)
    const { limit, after = '' } = parsed.output
    const keyed = new Set(withKeys().filter((name) => byCodePoint(name, after) > 0))
    const stored = await fromStore(() => store.tenants(after, limit + 1))
    const names = [...new Set([...keyed, ...stored])].sort(byCodePoint)
    const data = names.slice(0, limit).map((tenant) => ({ tenant, hasKey: keyed.has(tenant) }))
    const last = names.length > limit ? data.at(-1) : undefined
    const next = last && new URLSearchParams({ limit: String(limit), after: last.tenant })
    const body: TenantsAnswer = { data, next: next ? `${basePath}/tenants?${next}` : null }
    return { status: 200, body }
  }
}

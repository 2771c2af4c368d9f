import { activityLimits, isTooLongForName } from '@activity-log/shared/activity.ts'
import { type Checked, invalid, valid } from '@activity-log/shared/checked.ts'
import type { Answer } from '@activity-log/shared/http/answer.ts'
import { linkFrom } from '@activity-log/shared/http/named-tenant.ts'
import { type Parameters, writeParameters } from '@activity-log/shared/http/parameters.ts'
import { invalidInput } from '@activity-log/shared/http/problem.ts'
import type { Routes, ServiceRequest } from '@activity-log/shared/http/route.ts'
import { encodeSnapshot } from '@activity-log/shared/snapshot.ts'
import type { NameStatsQuery, StatsQuery } from '@activity-log/shared/store/activities.ts'
import type { ForTenant, TenantReader } from '@activity-log/shared/store/tenant-reader.ts'
import * as v from 'valibot'
import type { StatsAnswer } from './answers.ts'
import { type FilterRequest, readFilterRequest } from './filter-request.ts'
import { fromStore } from './from-store.ts'
import { kindOfRead } from './kind-of-read.ts'
import type { KnownLedger } from './known-ledger.ts'
import { decodeNameCursor, encodeNameCursor } from './name-cursor.ts'
import { oneOf, WholeNumber } from './parameter-schemas.ts'
import { withSnapshot } from './with-snapshot.ts'

export type StatsDependencies = { forTenant: ForTenant; known: Pick<KnownLedger, 'fresh'> }

/** The parameters that only stats take. */
export const statsParameters = {
  by: v.pipe(
    oneOf(['action', 'userId', 'hour', 'day', 'month']),
    v.description('action and userId list the most frequent names first; hour, day and month are in order of time'),
  ),
  limit: v.optional(
    v.pipe(
      WholeNumber(1000),
      v.description('How many keys to list; other counts the rest. By default 10 names, or 1000 hours, days or months'),
    ),
  ),
  prefix: v.optional(
    v.pipe(
      v.string(),
      v.check((text) => text !== '', 'must not be empty'),
      v.check((text) => !isTooLongForName(text), `must be at most ${activityLimits.nameCharacters} characters`),
      v.metadata({ minLength: 1, maxLength: activityLimits.nameCharacters }),
      v.description('Only names that begin with this text; upper and lower case differ'),
    ),
  ),
  cursor: v.optional(v.pipe(v.string(), v.description('A place from next; it is valid only with the same parameters'))),
  timezone: v.optional(
    v.pipe(
      v.string(),
      v.metadata({ pattern: '^[A-Za-z]', examples: ['Europe/Berlin'] }),
      v.description('An IANA time zone name, for hours, days and months; UTC by default'),
    ),
  ),
}

/** Counts matches by name or by time. */
export function statsRoutes({ forTenant, known }: StatsDependencies): Routes {
  return { 'GET /stats': { scope: 'read', handle: stats, kind: kindOfRead } }

  async function stats(request: ServiceRequest): Promise<Answer> {
    const { url, caller } = request
    const parsed = readFilterRequest(url, caller.tenant, statsParameters, toRequest)
    if (!parsed.ok) throw invalidInput(parsed.errors)
    return {
      status: 200,
      body: await fromStore(() => count(parsed.value, forTenant(caller.tenant, { gone: request.gone }), request)),
    }
  }

  async function count(
    { query: asked, parameters }: StatsRequest,
    reader: Pick<TenantReader, 'stats'>,
    from: ServiceRequest,
  ): Promise<StatsAnswer> {
    const filter = await withSnapshot(asked.filter, known)
    const asOf = filter.snapshot ? encodeSnapshot(filter.snapshot) : null
    const names = 'timezone' in asked ? undefined : asked
    // one name more than are shown tells whether others follow
    const query = names ? { ...names, filter, limit: names.limit + 1 } : { ...asked, filter }
    const found = await reader.stats(query)
    const data = found.data.slice(0, asked.limit)
    const last = found.data.length > data.length ? data.at(-1) : undefined
    const nextOf = (asked: NameStatsQuery) => {
      const place = last && { ...(asOf && { asOf }), cursor: encodeNameCursor(last, asked) }
      return place ? linkFrom(from, `/stats?${writeParameters({ ...parameters, ...place })}`) : null
    }
    const shown = data.reduce((sum, one) => sum + one.count, 0)
    return {
      by: asked.by,
      ...('timezone' in asked && { timezone: asked.timezone }),
      data,
      other: found.total - shown,
      total: found.total,
      ...(names && { next: nextOf(names) }),
      asOf,
    }
  }
}

type StatsRequest = { query: StatsQuery; parameters: Parameters }

function toRequest(request: FilterRequest<typeof statsParameters>): Checked<StatsRequest> {
  const { filter, by, limit, timezone, prefix, cursor, parameters } = request
  if (by === 'action' || by === 'userId') {
    const query: NameStatsQuery = { filter, by, limit: limit ?? 10, ...(prefix !== undefined && { prefix }) }
    if (timezone !== undefined) {
      return invalid({ pointer: 'timezone', detail: 'is allowed only with by=hour, day or month' })
    }
    if (cursor === undefined) return valid({ query, parameters })
    const after = decodeNameCursor(cursor, query)
    if (typeof after === 'string') return invalid({ pointer: 'cursor', detail: after })
    return valid({ query: { ...query, after }, parameters })
  }
  const wrong = Object.entries({ prefix, cursor }).filter(([, value]) => value !== undefined)
  if (wrong.length > 0) {
    return invalid(...wrong.map(([pointer]) => ({ pointer, detail: 'is allowed only with by=action or userId' })))
  }
  const named = timezoneNamed(timezone ?? 'UTC')
  if (named === undefined) {
    return invalid({ pointer: 'timezone', detail: 'must be an IANA time zone name, such as Europe/Berlin' })
  }
  return valid({ query: { filter, by, limit: limit ?? 1000, timezone: named }, parameters })
}

/** The name in the spelling that databases know. An offset is not a time zone: it does not say when clocks change. */
function timezoneNamed(text: string): string | undefined {
  if (!/^[a-z]/i.test(text)) return undefined
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone
  } catch {
    return undefined
  }
}

import { type Checked, invalid, valid } from '@activity-log/shared/checked.ts'
import type { Answer } from '@activity-log/shared/http/answer.ts'
import { invalidInput } from '@activity-log/shared/http/problem.ts'
import type { Routes, ServiceRequest } from '@activity-log/shared/http/route.ts'
import { encodeSnapshot } from '@activity-log/shared/snapshot.ts'
import type { StatsQuery } from '@activity-log/shared/store/activities.ts'
import type { ForTenant } from '@activity-log/shared/store/tenant-reader.ts'
import * as v from 'valibot'
import type { StatsAnswer } from './answers.ts'
import { type FilterRequest, readFilterRequest } from './filter-request.ts'
import { fromStore } from './from-store.ts'
import type { KnownLedger } from './known-ledger.ts'
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
  return { 'GET /stats': { scope: 'read', handle: stats } }

  async function stats({ url, caller }: ServiceRequest): Promise<Answer> {
    const parsed = readFilterRequest(url, caller.tenant, statsParameters, toQuery)
    if (!parsed.ok) throw invalidInput(parsed.errors)
    return { status: 200, body: await fromStore(() => count(parsed.value)) }
  }

  async function count(request: StatsQuery): Promise<StatsAnswer> {
    const filter = await withSnapshot(request.filter, known)
    const query = { ...request, filter }
    const { data, total } = await forTenant(filter.tenant).stats(query)
    const shown = data.reduce((sum, one) => sum + one.count, 0)
    return {
      by: query.by,
      ...('timezone' in query && { timezone: query.timezone }),
      data,
      other: total - shown,
      total,
      asOf: filter.snapshot ? encodeSnapshot(filter.snapshot) : null,
    }
  }
}

function toQuery({ filter, by, limit, timezone }: FilterRequest<typeof statsParameters>): Checked<StatsQuery> {
  if (by === 'action' || by === 'userId') {
    if (timezone === undefined) return valid({ filter, by, limit: limit ?? 10 })
    return invalid({ pointer: 'timezone', detail: 'is allowed only with by=hour, day or month' })
  }
  const named = timezoneNamed(timezone ?? 'UTC')
  if (named === undefined) {
    return invalid({ pointer: 'timezone', detail: 'must be an IANA time zone name, such as Europe/Berlin' })
  }
  return valid({ filter, by, limit: limit ?? 1000, timezone: named })
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

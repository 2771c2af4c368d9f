import type { Gone } from '@activity-log/shared/aborted.ts'
import { filterDigest } from '@activity-log/shared/filter.ts'
import { encodeSnapshot } from '@activity-log/shared/snapshot.ts'
import { TooBroad } from '@activity-log/shared/store/activities.ts'
import type { ForTenant, TenantFilter } from '@activity-log/shared/store/tenant-reader.ts'

/** A total is counted up to this number, unless the request wants an exact one. */
export const countCap = 10_000

const rememberedMs = 60_000
const maxRemembered = 1000

export type CappedCounterOptions = { forTenant: ForTenant; now: () => Date }

export type Total = { total: number; totalIsExact: boolean }

/**
 * Counts matches up to the cap, or as far as time allows. An inexact total is remembered for a minute: a log hardly
 * ever shrinks below it, and the count is the most expensive part of a first page.
 */
export function createCappedCounter({
  forTenant,
  now,
}: CappedCounterOptions): (filter: TenantFilter, gone?: Gone) => Promise<Total> {
  const known = new Map<string, { total: number; until: number }>()
  return async (filter, gone) => {
    const remembered = known.size === 0 ? undefined : known.get(nameOf(filter))
    if (remembered && remembered.until > now().getTime()) return { total: remembered.total, totalIsExact: false }
    const { total, totalIsExact } = await forTenant(filter.tenant, { gone })
      .count(filter, countCap + 1)
      .then(
        (counted) => ({ total: Math.min(counted, countCap), totalIsExact: counted <= countCap }),
        (error) => {
          if (error instanceof TooBroad) return { total: error.counted, totalIsExact: false }
          throw error
        },
      )
    if (!totalIsExact) {
      if (known.size >= maxRemembered) known.clear()
      known.set(nameOf(filter), { total, until: now().getTime() + rememberedMs })
    }
    return { total, totalIsExact }
  }
}

const nameOf = (filter: TenantFilter) =>
  `${filterDigest(filter, 'asc').toString('hex')} ${encodeSnapshot(filter.snapshot ?? [])}`

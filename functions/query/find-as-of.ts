import { type AsOf, hasRecord, isTooLong, withRecords } from '@activity-log/shared/as-of.ts'
import type { Filter } from '@activity-log/shared/filter.ts'
import type { Position } from '@activity-log/shared/receipt.ts'
import type { Found } from '@activity-log/shared/store/activities.ts'
import type { ForTenant } from '@activity-log/shared/store/tenant-reader.ts'
import type { Known, KnownLedger } from './known-ledger.ts'
import { findPage, type Page, type Part, type Place } from './page.ts'

/**
 * Without `asOf` it is not known which records the log has: then every page shows it as it is by then. `completeThrough` is of
 * the reading of the ledger that `asOf` is of.
 */
export type PageAsOf = { page: Page<Found>; asOf: AsOf | undefined; completeThrough: Date | undefined }

export type FindAsOf = {
  forTenant: ForTenant
  known: KnownLedger
  request: { filter: Filter; place: Place; order: Part['order']; limit: number }
  /** A record that has to be among what is shown. */
  visible: Position | undefined
}

/**
 * A page, and the moment at which all pages that follow it show the log. Where the request names none, the first page shows
 * the log as it is: its moment is what the ledger knew before, and the records of the page beside it; they are read anew when
 * the page shows that they were of an earlier moment. Any other page is that of a moment which is read first.
 */
export async function findAsOf(asked: FindAsOf): Promise<PageAsOf> {
  const { known, request, visible } = asked
  if (request.filter.asOf) return findPinned(asked, request.filter.asOf, await known.recent())
  if ('page' in request.place && request.place.page === 1) {
    const { isWhole, ...first } = await findFirst(asked, await known.recent())
    if (isWhole) return first
    const fresh = await known.fresh()
    if (!fresh?.asOf) return { ...first, asOf: undefined }
    const { isWhole: _isWhole, ...again } = await findFirst(asked, fresh)
    return again
  }
  const fresh = await known.fresh()
  const asOf = fresh?.asOf && withRecords(fresh.asOf, visible ? [visible] : [])
  return findPinned(asked, asOf && !isTooLong(asOf) ? asOf : undefined, fresh ?? (await known.recent()))
}

/** `isWhole`: the ledger knew all of it. */
async function findFirst(
  { forTenant, request }: FindAsOf,
  ledger: Known | undefined,
): Promise<PageAsOf & { isWhole: boolean }> {
  const positions: Position[] = []
  const page = await findPage(async (part) => {
    const found = await forTenant(request.filter.tenant).find({ filter: request.filter, ...part })
    positions.push(...found.map(({ position }) => position))
    return found
  }, request)
  const before = ledger?.asOf
  const completeThrough = ledger?.completeThrough
  if (!before) return { page, asOf: undefined, completeThrough, isWhole: false }
  const asOf = withRecords(before, positions)
  return {
    page,
    asOf: isTooLong(asOf) ? undefined : asOf,
    completeThrough,
    isWhole: positions.every((position) => hasRecord(before, position)),
  }
}

async function findPinned(
  { forTenant, request }: FindAsOf,
  asOf: AsOf | undefined,
  ledger: Known | undefined,
): Promise<PageAsOf> {
  const filter = asOf ? { ...request.filter, asOf } : request.filter
  const page = await findPage((part) => forTenant(filter.tenant).find({ filter, ...part }), request)
  return { page, asOf, completeThrough: ledger?.completeThrough }
}

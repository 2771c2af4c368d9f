import { type AsOf, hasRecord, isTooLong, withRecords } from '@activity-log/shared/as-of.ts'
import type { Filter } from '@activity-log/shared/filter.ts'
import type { Position } from '@activity-log/shared/receipt.ts'
import type { Found } from '@activity-log/shared/store/activities.ts'
import type { KnownBooks } from './known-books.ts'
import { findPage, type Page, type Part, type Place } from './page.ts'

/** Without `asOf` it is not known which records the log has: then every page shows it as it is by then. */
export type PageAsOf = { page: Page<Found>; asOf: AsOf | undefined }

export type FindAsOf = {
  find: (filter: Filter, part: Part) => Promise<readonly Found[]>
  known: KnownBooks
  request: { filter: Filter; place: Place; order: Part['order']; limit: number }
  /** A record that has to be among what is shown. */
  visible: Position | undefined
}

/**
 * A page, and the moment at which all pages that follow it show the log. Where the request names none, the first page shows
 * the log as it is: its moment is what the books knew before, and the records of the page beside it; they are read anew when
 * the page shows that they were of an earlier moment. Any other page is that of a moment which is read first.
 */
export async function findAsOf(asked: FindAsOf): Promise<PageAsOf> {
  const { known, request, visible } = asked
  if (request.filter.asOf) return findPinned(asked, request.filter.asOf)
  if ('page' in request.place && request.place.page === 1) {
    const { isWhole, ...first } = await findFirst(asked, (await known.recent())?.asOf)
    if (isWhole) return first
    const fresh = (await known.fresh())?.asOf
    return fresh ? findFirst(asked, fresh) : { ...first, asOf: undefined }
  }
  const fresh = (await known.fresh())?.asOf
  const asOf = fresh && withRecords(fresh, visible ? [visible] : [])
  return findPinned(asked, asOf && !isTooLong(asOf) ? asOf : undefined)
}

/** `isWhole`: the books knew all of it. */
async function findFirst(
  { find, request }: FindAsOf,
  before: AsOf | undefined,
): Promise<PageAsOf & { isWhole: boolean }> {
  const positions: Position[] = []
  const page = await findPage(async (part) => {
    const found = await find(request.filter, part)
    positions.push(...found.map(({ position }) => position))
    return found
  }, request)
  if (!before) return { page, asOf: undefined, isWhole: false }
  const asOf = withRecords(before, positions)
  return {
    page,
    asOf: isTooLong(asOf) ? undefined : asOf,
    isWhole: positions.every((position) => hasRecord(before, position)),
  }
}

async function findPinned({ find, request }: FindAsOf, asOf: AsOf | undefined): Promise<PageAsOf> {
  const filter = asOf ? { ...request.filter, asOf } : request.filter
  return { page: await findPage((part) => find(filter, part), request), asOf }
}

import type { Filter } from '@activity-log/shared/filter.ts'
import type { Position } from '@activity-log/shared/receipt.ts'
import { hasRecord, isTooLong, type Snapshot, withRecords } from '@activity-log/shared/snapshot.ts'
import type { Found } from '@activity-log/shared/store/activities.ts'
import type { ForTenant } from '@activity-log/shared/store/tenant-reader.ts'
import type { Known, KnownLedger } from './known-ledger.ts'
import { findPage, type Page, type Part, type Place } from './page.ts'

/**
 * `snapshot` is undefined when it is unknown which records the log has; each page then shows the log at the time of its
 * request. `completeThrough` comes from the same reading of the ledger as `snapshot`.
 */
export type SnapshotPage = { page: Page<Found>; snapshot: Snapshot | undefined; completeThrough: Date | undefined }

export type FindInSnapshot = {
  forTenant: ForTenant
  known: KnownLedger
  request: { filter: Filter; place: Place; order: Part['order']; limit: number }
  /** A record that must be visible in the list. */
  visible: Position | undefined
}

/**
 * Finds a page, and the snapshot that all following pages show. If the request names no snapshot, the first page shows
 * the log as it is: its snapshot is what the ledger knew before, plus the records on the page. If the page has
 * records of a later snapshot, both are read again. For any other page, the snapshot is read first.
 */
export async function findInSnapshot(options: FindInSnapshot): Promise<SnapshotPage> {
  const { known, request, visible } = options
  if (request.filter.snapshot) return findAt(options, request.filter.snapshot, await known.recent())
  if ('page' in request.place && request.place.page === 1) {
    const { isWhole, ...first } = await findFirst(options, await known.recent())
    if (isWhole) return first
    const fresh = await known.fresh()
    if (!fresh?.snapshot) return { ...first, snapshot: undefined }
    const { isWhole: _isWhole, ...again } = await findFirst(options, fresh)
    return again
  }
  const fresh = await known.fresh()
  const snapshot = fresh?.snapshot && withRecords(fresh.snapshot, visible ? [visible] : [])
  return findAt(options, snapshot && !isTooLong(snapshot) ? snapshot : undefined, fresh ?? (await known.recent()))
}

/** `isWhole`: the ledger knew every record on the page. */
async function findFirst(
  { forTenant, request }: FindInSnapshot,
  ledger: Known | undefined,
): Promise<SnapshotPage & { isWhole: boolean }> {
  const positions: Position[] = []
  const page = await findPage(async (part) => {
    const found = await forTenant(request.filter.tenant).find({ filter: request.filter, ...part })
    positions.push(...found.map(({ position }) => position))
    return found
  }, request)
  const before = ledger?.snapshot
  const completeThrough = ledger?.completeThrough
  if (!before) return { page, snapshot: undefined, completeThrough, isWhole: false }
  const snapshot = withRecords(before, positions)
  return {
    page,
    snapshot: isTooLong(snapshot) ? undefined : snapshot,
    completeThrough,
    isWhole: positions.every((position) => hasRecord(before, position)),
  }
}

async function findAt(
  { forTenant, request }: FindInSnapshot,
  snapshot: Snapshot | undefined,
  ledger: Known | undefined,
): Promise<SnapshotPage> {
  const filter = snapshot ? { ...request.filter, snapshot } : request.filter
  const page = await findPage((part) => forTenant(filter.tenant).find({ filter, ...part }), request)
  return { page, snapshot, completeThrough: ledger?.completeThrough }
}

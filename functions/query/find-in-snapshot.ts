import type { Gone } from '@activity-log/shared/aborted.ts'
import { activityJson } from '@activity-log/shared/document.ts'
import type { Turn } from '@activity-log/shared/http/turns.ts'
import type { Position } from '@activity-log/shared/receipt.ts'
import { isTooLong, type Snapshot, withRecords } from '@activity-log/shared/snapshot.ts'
import type { Found } from '@activity-log/shared/store/activities.ts'
import type { ForTenant, TenantFilter } from '@activity-log/shared/store/tenant-reader.ts'
import type { Part } from './find-bounded.ts'
import { foundInTime, type Hold } from './from-store.ts'
import type { Known, KnownLedger } from './known-ledger.ts'
import { findPage, type Page, type Place } from './page.ts'

/**
 * `snapshot` is undefined when it is unknown which records the log has; each page then shows the log at the time of its
 * request. `completeThrough` comes from the same reading of the ledger as `snapshot`.
 */
export type SnapshotPage = { page: Page<Listed>; snapshot: Snapshot | undefined; completeThrough: Date | undefined }

/** `json` is the activity as the answer contains it. */
export type Listed = Found & { json: string }
export const toListed = (found: Found): Listed => Object.assign(found, { json: activityJson(found.activity) })
export const sizeOf = ({ json }: Listed) => Buffer.byteLength(json)

export type FindInSnapshot = {
  forTenant: ForTenant
  known: KnownLedger
  request: { filter: TenantFilter; place: Place; order: Part['order']; limit: number }
  /** A record that must be visible in the list. */
  visible: Position | undefined
  turn: Turn
  gone: Gone
  hold: Hold
}

/**
 * Finds a page, and the snapshot that all following pages show. If the request names no snapshot, the ledger is read
 * first, so the snapshot has everything that was visible when the list was asked for. If the ledger takes too long, or
 * has too many gaps, every page shows the log as it is.
 */
export async function findInSnapshot(options: FindInSnapshot): Promise<SnapshotPage> {
  const { known, request, visible } = options
  if (request.filter.snapshot) return findAt(options, request.filter.snapshot, await known.recent())
  const fresh = await known.fresh()
  const ledger = fresh ?? known.last()
  const snapshot = fresh?.snapshot && withRecords(fresh.snapshot, visible ? [visible] : [])
  if ('page' in request.place && request.place.page === 1) return findFirst(options, snapshot, ledger)
  return findAt(options, notTooLong(snapshot), ledger)
}

/**
 * The first page needs no filter by snapshot: activities on it that were stored after the ledger was read are added to
 * the snapshot. Other activities stored since then are on no page.
 */
async function findFirst(
  { forTenant, request, turn, gone, hold }: FindInSnapshot,
  before: Snapshot | undefined,
  ledger: Known | undefined,
): Promise<SnapshotPage> {
  const reader = forTenant(request.filter.tenant, { gone })
  const positions: Position[] = []
  const page = await findPage(
    async (part) => {
      const { found, through } = await foundInTime(() => reader.find({ filter: request.filter, ...part }), {
        turn,
        hold,
      })
      positions.push(...found.map(({ position }) => position))
      return { found: found.map(toListed), through }
    },
    request,
    sizeOf,
  )
  const snapshot = notTooLong(before && withRecords(before, positions))
  return { page, snapshot, completeThrough: ledger?.completeThrough }
}

const notTooLong = (snapshot: Snapshot | undefined) => (snapshot && !isTooLong(snapshot) ? snapshot : undefined)

async function findAt(
  { forTenant, request, turn, gone, hold }: FindInSnapshot,
  snapshot: Snapshot | undefined,
  ledger: Known | undefined,
): Promise<SnapshotPage> {
  const filter = snapshot ? { ...request.filter, snapshot } : request.filter
  const reader = forTenant(filter.tenant, { gone })
  const page = await findPage(
    async (part) => {
      const { found, through } = await foundInTime(() => reader.find({ filter, ...part }), { turn, hold })
      return { found: found.map(toListed), through }
    },
    request,
    sizeOf,
  )
  return { page, snapshot, completeThrough: ledger?.completeThrough }
}

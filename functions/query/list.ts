import type { Gone } from '@activity-log/shared/aborted.ts'
import { filterDigest, isSearch } from '@activity-log/shared/filter.ts'
import type { Answer } from '@activity-log/shared/http/answer.ts'
import { linkFrom } from '@activity-log/shared/http/named-tenant.ts'
import { parameterOf } from '@activity-log/shared/http/parameters.ts'
import { invalidInput, Problem } from '@activity-log/shared/http/problem.ts'
import type { Routes, ServiceRequest } from '@activity-log/shared/http/route.ts'
import type { SlotKind } from '@activity-log/shared/http/slots.ts'
import { instantOf } from '@activity-log/shared/key.ts'
import { encodeSnapshot } from '@activity-log/shared/snapshot.ts'
import type { RecordOutcome } from '@activity-log/shared/store/ledger.ts'
import type { ForTenant, TenantFilter } from '@activity-log/shared/store/tenant-reader.ts'
import { formatInstant } from '@activity-log/shared/timestamp.ts'
import type { ListAnswer, ReceiptAnswer } from './answers.ts'
import { createCappedCounter } from './capped-counter.ts'
import { findInSnapshot } from './find-in-snapshot.ts'
import type { FindOutcome } from './find-outcome.ts'
import { answerMs, fromStore, type Hold } from './from-store.ts'
import { kindOfRead } from './kind-of-read.ts'
import type { KnownLedger } from './known-ledger.ts'
import { type ListRequest, readListRequest } from './list-request.ts'
import { linkHeader, type Page, type Place, pageLinks } from './page.ts'
import { receiptAnswer } from './receipts.ts'
import type { RowRoom } from './row-room.ts'

export type ListDependencies = {
  forTenant: ForTenant
  known: KnownLedger
  findOutcome: FindOutcome
  now: () => Date
  inRowRoom: RowRoom
}

/** A list that waits for a record, or counts all matches, or searches, takes none of the slots of plain lists. */
function kindOfList(url: string): SlotKind {
  if (parameterOf(url, 'wait') !== undefined) return 'waits'
  return parameterOf(url, 'count') === 'exact' ? 'counts' : kindOfRead(url)
}

type Total = { total?: number; totalIsExact?: boolean }

const isFirst = (place: Place) => 'page' in place && place.page === 1

/** The total that a first page shows by itself: if it ends before its limit, it has everything. */
function totalOn(
  { found, hasNext, through }: Page<unknown>,
  { count, place }: Pick<ListRequest, 'count' | 'place'>,
): Total | undefined {
  if (count !== 'capped' || !isFirst(place)) return undefined
  if (through !== undefined) return { total: found.length, totalIsExact: false }
  return hasNext ? undefined : { total: found.length, totalIsExact: true }
}

/**
 * The counted total together with the rows of the page. A count that ran out of time may know less than the page, and
 * one that is exact another number, since others save between the count and the page.
 */
async function totalWith(
  { found, hasNext, through }: Page<unknown>,
  { place }: Pick<ListRequest, 'place'>,
  counted: Total,
  countAgain: () => Promise<Total>,
): Promise<Total> {
  if (counted.totalIsExact && isFirst(place) && !hasNext && through === undefined) {
    return { total: found.length, totalIsExact: true }
  }
  // a search that ran out of time goes on, whether or not there is more to find
  const shown = found.length + (hasNext && through === undefined ? 1 : 0)
  const isLess = ({ total }: Total) => total !== undefined && total < shown
  const again = counted.totalIsExact && isLess(counted) ? await countAgain() : counted
  return isLess(again) ? { total: shown, totalIsExact: false } : again
}

/** Lists the log, page by page. */
export function listRoutes({ forTenant, known, findOutcome, now, inRowRoom }: ListDependencies): Routes {
  const countCapped = createCappedCounter({ forTenant, now })
  return { 'GET /logs': { scope: 'read', handle: list, kind: kindOfList } }

  async function list(request: ServiceRequest): Promise<Answer> {
    const parsed = readListRequest(request.url, request.caller.tenant)
    if (!parsed.ok) throw invalidInput(parsed.errors)
    const { visible } = parsed.value
    if (!visible) return fromStore(() => answerTo(parsed.value, request))
    return fromStore(
      async () => {
        const outcome = await untilVisible(visible, request)
        // the list has its own deadline, apart from the time that the client allowed for waiting
        return fromStore(() => answerTo(parsed.value, request, receiptAnswer(visible.receipt, outcome, request)))
      },
      answerMs + visible.waitS * 1000,
    )
  }

  function answerTo(listed: ListRequest, from: ServiceRequest, receipt?: ReceiptAnswer): Promise<Answer> {
    return inRowRoom((hold) => answerHolding(hold, listed, from, receipt), from)
  }

  async function answerHolding(
    hold: Hold,
    listed: ListRequest,
    from: ServiceRequest,
    receipt: ReceiptAnswer | undefined,
  ): Promise<Answer> {
    const { parameters, filter, order, count, limit, visible } = listed
    const place = { forTenant, known, request: listed, visible: visible?.receipt.position }
    const { turn, gone } = from
    const finding = findInSnapshot({ ...place, turn, gone, hold })
    // counting a search costs as much as finding its page, which may be all that there is to count
    const isCostly = isSearch(filter) || filter.excluded !== undefined
    const counting = isCostly && count === 'capped' ? undefined : countTotal(filter, count, gone)
    counting?.catch(() => {})
    const { page, snapshot, completeThrough } = await finding
    const countAll = () => countTotal(filter, count, gone)
    const total = totalOn(page, listed) ?? (await totalWith(page, listed, await (counting ?? countAll()), countAll))
    const { page: _page, cursor: _cursor, receipt: _receipt, wait: _wait, asOf: _asOf, ...repeated } = parameters
    const asOf = snapshot && encodeSnapshot(snapshot)
    const links = pageLinks(
      (search) => linkFrom(from, `/logs${search}`),
      repeated,
      filterDigest(filter, order),
      page,
      asOf,
    )
    const rest: Omit<ListAnswer, 'data'> = {
      page: page.number,
      limit,
      ...total,
      ...(page.isTruncated && { truncated: true as const }),
      ...(page.through !== undefined && { searchedThrough: formatInstant(instantOf(page.through)) }),
      next: links.next,
      previous: links.previous,
      completeThrough: completeThrough?.toISOString() ?? null,
      asOf: asOf ?? null,
      ...(receipt && { receipt }),
    }
    const data = page.found.map(({ json }) => json)
    const body = `{"data":[${data}],${JSON.stringify(rest).slice(1)}`
    return { status: 200, headers: { Link: linkHeader(links), 'content-type': 'application/json' }, body }
  }

  /** The outcome of the record, or a 504, since the client does not want a list without it. */
  async function untilVisible(
    { receipt, waitS }: NonNullable<ListRequest['visible']>,
    request: ServiceRequest,
  ): Promise<RecordOutcome> {
    const outcome = await findOutcome(receipt, waitS, request)
    if (outcome) return outcome
    const detail = 'The record of this receipt is not stored yet. It is not lost: try again, for instance with wait=30.'
    throw new Problem('timeout', detail, { headers: { 'retry-after': '1' } })
  }

  async function countTotal(filter: TenantFilter, count: ListRequest['count'], gone: Gone): Promise<Total> {
    if (count === 'none') return {}
    if (count === 'exact') return { total: await forTenant(filter.tenant, { gone }).count(filter), totalIsExact: true }
    return countCapped(filter, gone)
  }
}

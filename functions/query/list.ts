import { filterDigest } from '@activity-log/shared/filter.ts'
import type { Answer } from '@activity-log/shared/http/answer.ts'
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
import { answerMs, fromStore } from './from-store.ts'
import type { KnownLedger } from './known-ledger.ts'
import { type ListRequest, readListRequest } from './list-request.ts'
import { linkHeader, pageLinks } from './page.ts'
import { receiptAnswer } from './receipts.ts'

export type ListDependencies = {
  forTenant: ForTenant
  known: KnownLedger
  findOutcome: FindOutcome
  now: () => Date
}

/** A list that waits for a record, or counts all matches, takes none of the slots of plain lists. */
function kindOfList(url: string): SlotKind {
  if (parameterOf(url, 'wait') !== undefined) return 'waits'
  return parameterOf(url, 'count') === 'exact' ? 'counts' : 'reads'
}

/** Lists the log, page by page. */
export function listRoutes({ forTenant, known, findOutcome, now }: ListDependencies): Routes {
  const countCapped = createCappedCounter({ forTenant, now })
  return { 'GET /logs': { scope: 'read', handle: list, kind: kindOfList } }

  async function list(request: ServiceRequest): Promise<Answer> {
    const parsed = readListRequest(request.url, request.caller.tenant)
    if (!parsed.ok) throw invalidInput(parsed.errors)
    const { visible } = parsed.value
    const { basePath } = request
    if (!visible) return fromStore(() => answerTo(parsed.value, request))
    return fromStore(
      async () => {
        const outcome = await untilVisible(visible, request)
        // the list has its own deadline, apart from the time that the client allowed for waiting
        return fromStore(() => answerTo(parsed.value, request, receiptAnswer(visible.receipt, outcome, basePath)))
      },
      answerMs + visible.waitS * 1000,
    )
  }

  async function answerTo(
    request: ListRequest,
    { basePath, turn }: ServiceRequest,
    receipt?: ReceiptAnswer,
  ): Promise<Answer> {
    const { parameters, filter, order, count, limit, visible } = request
    const [{ page, snapshot, completeThrough }, total] = await Promise.all([
      findInSnapshot({ forTenant, known, request, visible: visible?.receipt.position, turn }),
      countTotal(filter, count),
    ])
    const { page: _page, cursor: _cursor, receipt: _receipt, wait: _wait, asOf: _asOf, ...repeated } = parameters
    const asOf = snapshot && encodeSnapshot(snapshot)
    const links = pageLinks(`${basePath}/logs`, repeated, filterDigest(filter, order), page, asOf)
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

  async function countTotal(
    filter: TenantFilter,
    count: ListRequest['count'],
  ): Promise<{ total?: number; totalIsExact?: boolean }> {
    if (count === 'none') return {}
    if (count === 'exact') return { total: await forTenant(filter.tenant).count(filter), totalIsExact: true }
    return countCapped(filter)
  }
}

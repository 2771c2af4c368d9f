import { type Checked, type InputError, invalid, valid } from '@activity-log/shared/checked.ts'
import { decodeCursor } from '@activity-log/shared/cursor.ts'
import { filterDigest, type Order } from '@activity-log/shared/filter.ts'
import type { Parameters } from '@activity-log/shared/http/parameters.ts'
import { isKey } from '@activity-log/shared/key.ts'
import type { Receipt } from '@activity-log/shared/receipt.ts'
import type { TenantFilter } from '@activity-log/shared/store/tenant-reader.ts'
import type { Tenant } from '@activity-log/shared/tenant.ts'
import * as v from 'valibot'
import { type FilterRequest, readFilterRequest } from './filter-request.ts'
import type { Place } from './page.ts'
import { CursorText, OrderName, ReceiptText, Wait, WholeNumber } from './parameter-schemas.ts'

export type ListRequest = {
  /** The raw values, which the links of a page repeat. */
  parameters: Parameters
  filter: TenantFilter
  order: Order
  limit: number
  count: 'capped' | 'exact' | 'none'
  place: Place
  /** The record that must be visible, and how many seconds to wait for it. */
  visible?: { receipt: Receipt; waitS: number }
}

/** The parameters that only lists take. */
export const listParameters = {
  order: v.optional(OrderName, 'desc'),
  page: v.optional(v.pipe(WholeNumber(4_000_000_000), v.description('A page number; cannot be combined with cursor'))),
  limit: v.optional(v.pipe(WholeNumber(1000), v.description('The number of rows on a page')), '10'),
  cursor: v.optional(CursorText),
  count: v.optional(
    v.pipe(
      v.picklist(['capped', 'exact', 'none'], 'must be capped, exact or none'),
      v.description('How to count total: up to 10,000, exactly, or not at all'),
    ),
    'capped',
  ),
  receipt: v.optional(ReceiptText),
  wait: v.optional(Wait),
}

/** Reads the parameters of a list from its URL, or lists every error in them. */
export function readListRequest(url: string, tenant: Tenant): Checked<ListRequest> {
  return readFilterRequest(url, tenant, listParameters, toListRequest)
}

function toListRequest(request: FilterRequest<typeof listParameters>): Checked<ListRequest> {
  const { parameters, filter, order, page, limit, cursor: cursorText, count, receipt, wait } = request
  const errors: InputError[] = []
  const cursor = cursorText === undefined ? undefined : decodeCursor(cursorText, filterDigest(filter, order), isKey)
  if (typeof cursor === 'string') errors.push({ pointer: 'cursor', detail: cursor })
  if (cursor !== undefined && page !== undefined) {
    errors.push({ pointer: 'page', detail: 'cannot be combined with cursor: each names a place' })
  }
  if (wait !== undefined && receipt === undefined) {
    errors.push({ pointer: 'wait', detail: 'requires receipt, which names the record to wait for' })
  }
  if (filter.snapshot && receipt) {
    errors.push({ pointer: 'asOf', detail: 'cannot be combined with receipt: the snapshot may lack its record' })
  }
  if (errors.length > 0 || typeof cursor === 'string') return invalid(...errors)
  return valid({
    parameters,
    filter,
    order,
    limit,
    count,
    place: cursor ? { cursor } : { page: page ?? 1 },
    ...(receipt && { visible: { receipt, waitS: wait ?? 0 } }),
  })
}

import { type Checked, type InputError, invalid, valid } from '@activity-log/shared/checked.ts'
import { decodeCursor } from '@activity-log/shared/cursor.ts'
import { type Filter, filterDigest, type Order } from '@activity-log/shared/filter.ts'
import type { Parameters } from '@activity-log/shared/http/parameters.ts'
import { isKey } from '@activity-log/shared/key.ts'
import type { Receipt } from '@activity-log/shared/receipt.ts'
import * as v from 'valibot'
import { type FilterRequest, readFilterRequest } from './filter-request.ts'
import type { Place } from './page.ts'
import { CursorText, OrderName, ReceiptText, Wait, WholeNumber } from './parameter-schemas.ts'

export type ListRequest = {
  /** As they were given: what the links of a page repeat. */
  parameters: Parameters
  filter: Filter
  order: Order
  limit: number
  count: 'capped' | 'exact' | 'none'
  place: Place
  /** The record that has to be visible, and for how many seconds it is waited for. */
  visible?: { receipt: Receipt; waitS: number }
}

/** What only lists take. */
export const listParameters = {
  order: v.optional(OrderName, 'desc'),
  page: v.optional(v.pipe(WholeNumber(4_000_000_000), v.description('The number of a page; not beside cursor'))),
  limit: v.optional(v.pipe(WholeNumber(1000), v.description('How many to a page')), '10'),
  cursor: v.optional(CursorText),
  count: v.optional(
    v.pipe(
      v.picklist(['capped', 'exact', 'none'], 'must be capped, exact or none'),
      v.description('capped: total is exact up to 10,000'),
    ),
    'capped',
  ),
  receipt: v.optional(ReceiptText),
  wait: v.optional(Wait),
}

/** A list as the parameters of its URL ask for it, or everything that is wrong with them. */
export function readListRequest(url: string, tenant: string): Checked<ListRequest> {
  return readFilterRequest(url, tenant, listParameters, toListRequest)
}

function toListRequest(request: FilterRequest<typeof listParameters>): Checked<ListRequest> {
  const { parameters, filter, order, page, limit, cursor: cursorText, count, receipt, wait } = request
  const errors: InputError[] = []
  const cursor = cursorText === undefined ? undefined : decodeCursor(cursorText, filterDigest(filter, order), isKey)
  if (typeof cursor === 'string') errors.push({ pointer: 'cursor', detail: cursor })
  if (cursor !== undefined && page !== undefined) {
    errors.push({ pointer: 'page', detail: 'cannot stand beside cursor: each names a place' })
  }
  if (wait !== undefined && receipt === undefined) {
    errors.push({ pointer: 'wait', detail: 'needs a receipt: what is to be waited for' })
  }
  if (filter.snapshot && receipt) {
    errors.push({ pointer: 'asOf', detail: 'cannot stand beside receipt: the log may not have had its record then' })
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

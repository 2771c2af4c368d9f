import { activityLimits, isTooLongForName, Name } from '@activity-log/shared/activity.ts'
import { type Checked, invalid, valid } from '@activity-log/shared/checked.ts'
import { decodeCursor } from '@activity-log/shared/cursor.ts'
import { type ActionPattern, type Filter, filterDigest, type Order, parseActions } from '@activity-log/shared/filter.ts'
import { type Parameters, readParameters } from '@activity-log/shared/http/parameters.ts'
import { isKey } from '@activity-log/shared/key.ts'
import type { Receipt } from '@activity-log/shared/receipt.ts'
import { maxActions } from '@activity-log/shared/store/store.ts'
import * as v from 'valibot'
import type { Place } from './page.ts'
import { Instant, ReceiptText, Wait, WholeNumber } from './parameters.ts'

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

const Actions = v.pipe(
  v.string(),
  v.rawTransform(({ dataset, addIssue, NEVER }): readonly ActionPattern[] => {
    const parsed = parseActions(dataset.value)
    if (typeof parsed === 'string') addIssue({ message: parsed })
    else if (parsed.length > maxActions) addIssue({ message: `must be at most ${maxActions} names` })
    else if (parsed.some((pattern) => isTooLongForName('exact' in pattern ? pattern.exact : pattern.prefix))) {
      addIssue({ message: `has a name of more than ${activityLimits.nameCharacters} characters` })
    } else return parsed
    return NEVER
  }),
)

const ListParameters = v.object({
  userId: v.optional(Name),
  action: v.optional(Actions),
  from: v.optional(Instant),
  to: v.optional(Instant),
  order: v.optional(v.picklist(['desc', 'asc'], 'must be desc or asc'), 'desc'),
  page: v.optional(WholeNumber(4_000_000_000)),
  limit: v.optional(WholeNumber(1000), '10'),
  cursor: v.optional(v.string()),
  count: v.optional(v.picklist(['capped', 'exact', 'none'], 'must be capped, exact or none'), 'capped'),
  receipt: v.optional(ReceiptText),
  wait: v.optional(Wait),
})
const known = Object.keys(ListParameters.entries)

/** A list as the parameters of its URL ask for it, or everything that is wrong with them. */
export function readListRequest(url: string, tenant: string): Checked<ListRequest> {
  const { parameters, errors } = readParameters(url, known)
  const parsed = v.safeParse(ListParameters, parameters)
  for (const { path, message } of parsed.issues ?? []) errors.push({ pointer: String(path?.[0]?.key), detail: message })
  if (!parsed.success) return invalid(...errors)
  const { userId, action: actions, from, to, order, page, limit, cursor: cursorText, count } = parsed.output
  const { receipt, wait } = parsed.output
  const filter: Filter = {
    tenant,
    ...(userId !== undefined && { userId }),
    ...(actions !== undefined && { actions }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
  }
  if (from !== undefined && to !== undefined && from > to) errors.push({ pointer: 'to', detail: 'is before from' })
  const cursor = cursorText === undefined ? undefined : decodeCursor(cursorText, filterDigest(filter, order), isKey)
  if (typeof cursor === 'string') errors.push({ pointer: 'cursor', detail: cursor })
  if (cursor !== undefined && page !== undefined) {
    errors.push({ pointer: 'page', detail: 'cannot stand beside cursor: each names a place' })
  }
  if (wait !== undefined && receipt === undefined) {
    errors.push({ pointer: 'wait', detail: 'needs a receipt: what is to be waited for' })
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

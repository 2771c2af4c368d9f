import * as v from 'valibot'
import { Id } from './activity.ts'
import { activityRecordedType, isTenant } from './activity-recorded.ts'
import { decodeHeader, type Headers } from './cloud-event.ts'
import type { Position } from './receipt.ts'
import { systemTenant } from './tenant.ts'
import { parseTimestamp } from './timestamp.ts'

/** The headers of a delivered record that name its position, as text. */
export type PositionText = { partition: string | undefined; offset: string | undefined }

/** Returns undefined if the headers name no position. */
export function toPosition({ partition, offset }: PositionText): Position | undefined {
  if (!partition || !offset || !isNumber.test(partition) || !isNumber.test(offset)) return undefined
  return { partition: Number(partition), offset: Number(offset) }
}

const isNumber = /^(?:0|[1-9]\d{0,14})$/

/** What belongs to no tenant is for operators alone: nobody else may see the bytes of others. */
const tenantOf = (text: string) => (isTenant(text) ? text : systemTenant)

/** Reads the valid claims in the headers of an event of our type, even if the rest of the event is invalid. */
export function readClaims(headers: Headers): { tenant: string; activityId?: string; recordedAt?: Date } {
  if (headers['ce-type'] !== activityRecordedType) return { tenant: systemTenant }
  const id = decodeHeader(headers['ce-id'] ?? '')
  const recordedAt = parseTimestamp(headers['ce-recordedtime'] ?? '')
  return {
    tenant: tenantOf(decodeHeader(headers['ce-tenant'] ?? '')),
    ...(v.is(Id, id) && { activityId: id }),
    ...(typeof recordedAt !== 'string' && { recordedAt: new Date(recordedAt.ms) }),
  }
}

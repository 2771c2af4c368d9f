import * as v from 'valibot'
import { Id } from './activity.ts'
import { activityRecordedType, tenantOrDefault } from './activity-recorded.ts'
import { decodeHeader, type Headers } from './cloud-event.ts'
import type { Position } from './receipt.ts'
import { parseTimestamp } from './timestamp.ts'

/** The headers of a delivered record that name its place, as text. */
export type PositionText = { partition: string | undefined; offset: string | undefined }

/** Undefined for what names no place. */
export function toPosition({ partition, offset }: PositionText): Position | undefined {
  const pattern = /^(?:0|[1-9]\d{0,14})$/
  if (!partition || !offset || !pattern.test(partition) || !pattern.test(offset)) return undefined
  return { partition: Number(partition), offset: Number(offset) }
}

/** What an event that calls itself ours says of itself in its headers and may be, whatever else is wrong with it. */
export function readClaims(headers: Headers): { tenant: string; activityId?: string; recordedAt?: Date } {
  if (headers['ce-type'] !== activityRecordedType) return { tenant: tenantOrDefault('') }
  const id = decodeHeader(headers['ce-id'] ?? '')
  const recordedAt = parseTimestamp(headers['ce-recordedtime'] ?? '')
  return {
    tenant: tenantOrDefault(decodeHeader(headers['ce-tenant'] ?? '')),
    ...(v.is(Id, id) && { activityId: id }),
    ...(typeof recordedAt !== 'string' && { recordedAt: new Date(recordedAt.ms) }),
  }
}

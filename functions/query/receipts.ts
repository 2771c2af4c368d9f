import { type Checked, invalid, valid } from '@activity-log/shared/checked.ts'
import { readParameters } from '@activity-log/shared/http/parameters.ts'
import type { Receipt } from '@activity-log/shared/receipt.ts'
import type { RecordFate } from '@activity-log/shared/store/ledger.ts'
import * as v from 'valibot'
import type { ReceiptAnswer } from './answers.ts'
import { errorsOf, ReceiptText, Wait } from './parameters.ts'

export const ReceiptRequest = v.object({ receipt: ReceiptText, wait: v.optional(Wait) })

export function readReceiptRequest(url: string, receipt: string): Checked<v.InferOutput<typeof ReceiptRequest>> {
  const { parameters, errors } = readParameters(url, ['wait'])
  const parsed = v.safeParse(ReceiptRequest, { receipt, ...parameters })
  errors.push(...errorsOf(parsed.issues))
  return parsed.success && errors.length === 0 ? valid(parsed.output) : invalid(...errors)
}

/** What became of the record, with links to what is left of it. */
export function receiptAnswer({ position }: Receipt, known: RecordFate | undefined): ReceiptAnswer {
  if (!known) return { fate: 'pending', position, links: {} }
  const { fate, activityId, deadLetter } = known
  const isThere = activityId !== undefined && fate !== 'refused'
  return {
    fate,
    ...(activityId !== undefined && { id: activityId }),
    position,
    links: {
      ...(isThere && { activity: `/logs/${encodeURIComponent(activityId)}` }),
      ...(deadLetter !== undefined && { deadLetter: `/dead-letters/${deadLetter}` }),
    },
  }
}

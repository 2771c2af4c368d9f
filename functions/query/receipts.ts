import { type Checked, invalid, valid } from '@activity-log/shared/checked.ts'
import type { Answer } from '@activity-log/shared/http/answer.ts'
import { parameterOf, readParameters } from '@activity-log/shared/http/parameters.ts'
import { invalidInput } from '@activity-log/shared/http/problem.ts'
import type { Routes, ServiceRequest } from '@activity-log/shared/http/route.ts'
import type { Receipt } from '@activity-log/shared/receipt.ts'
import type { RecordOutcome } from '@activity-log/shared/store/ledger.ts'
import * as v from 'valibot'
import type { ReceiptAnswer } from './answers.ts'
import type { FindOutcome } from './find-outcome.ts'
import { errorsOf, ReceiptText, Wait } from './parameter-schemas.ts'

/** Serves the outcome of single records. */
export function receiptRoutes({ findOutcome }: { findOutcome: FindOutcome }): Routes {
  return { 'GET /receipts/:receipt': { scope: 'read', handle: outcome, kind: waitsOrReads } }

  async function outcome(request: ServiceRequest): Promise<Answer> {
    const { receipt: text = '' } = request.parameters
    const parsed = readReceiptRequest(request.url, text)
    if (!parsed.ok) throw invalidInput(parsed.errors)
    const { receipt, wait = 0 } = parsed.value
    return { status: 200, body: receiptAnswer(receipt, await findOutcome(receipt, wait, request), request.basePath) }
  }
}

/** A request that waits for its record takes none of the slots of the others. */
const waitsOrReads = (url: string) => (parameterOf(url, 'wait') === undefined ? 'reads' : 'waits')

export const ReceiptRequest = v.object({ receipt: ReceiptText, wait: v.optional(Wait) })

function readReceiptRequest(url: string, receipt: string): Checked<v.InferOutput<typeof ReceiptRequest>> {
  const { parameters, errors } = readParameters(url, ['wait'])
  const parsed = v.safeParse(ReceiptRequest, { receipt, ...parameters })
  errors.push(...errorsOf(parsed.issues))
  return parsed.success && errors.length === 0 ? valid(parsed.output) : invalid(...errors)
}

/** The outcome of a record, with links to its activity and its dead letter. */
export function receiptAnswer(
  { position }: Receipt,
  known: RecordOutcome | undefined,
  basePath: string,
): ReceiptAnswer {
  if (!known) return { status: 'pending', position, links: {} }
  const { outcome, activityId, deadLetter } = known
  const isThere = activityId !== undefined && outcome !== 'rejected'
  return {
    status: outcome,
    ...(activityId !== undefined && { id: activityId }),
    position,
    links: {
      ...(isThere && { activity: `${basePath}/logs/${encodeURIComponent(activityId)}` }),
      ...(deadLetter !== undefined && { deadLetter: `${basePath}/dead-letters/${deadLetter}` }),
    },
  }
}

import { Id, TimestampText } from '@activity-log/shared/activity.ts'
import { Count, InputErrors, Problem } from '@activity-log/shared/answers.ts'
import * as v from 'valibot'

const ReceiptText = v.pipe(
  v.string(),
  v.metadata({ pattern: '^[A-Za-z0-9_-]{24}$' }),
  v.description('Identifies the record; GET /receipts/{receipt} returns its outcome'),
)

/** The answer to one activity. */
export const Accepted = v.strictObject({ id: Id, timestamp: TimestampText, receipt: ReceiptText })
export type Accepted = v.InferOutput<typeof Accepted>

/** The result of one activity of a batch; `index` is its position in the batch. */
const PostResult = v.variant('status', [
  v.strictObject({ index: Count, status: v.literal('accepted'), id: Id, receipt: ReceiptText }),
  v.strictObject({ index: Count, status: v.literal('invalid'), errors: InputErrors }),
  v.strictObject({ index: Count, status: v.literal('unavailable'), id: Id }),
])

const results = v.pipe(
  v.array(PostResult),
  v.description('One result per activity, in the order in which they were sent'),
)

/** The answer to a batch. */
export const PostResults = v.strictObject({ results })

/** The problem with a request; for a batch, `results` has the errors of each activity. */
export const PostProblem = v.looseObject({ ...Problem.entries, results: v.exactOptional(results) })

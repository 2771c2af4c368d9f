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

/**
 * The result of one activity of a batch; `index` is its position in the batch. One flat object for every status, since
 * generated clients cannot tell variants apart.
 */
const PostResult = v.strictObject({
  index: Count,
  status: v.picklist(['accepted', 'invalid', 'unavailable']),
  id: v.exactOptional(v.pipe(v.string(), v.description('Absent if the activity is invalid'))),
  receipt: v.exactOptional(v.pipe(ReceiptText, v.description('If the activity was accepted'))),
  errors: v.exactOptional(v.pipe(InputErrors, v.description('If the activity is invalid'))),
})
export type PostResult = v.InferOutput<typeof PostResult>

const results = v.pipe(
  v.array(PostResult),
  v.description('One result per activity, in the order in which they were sent'),
)

/** The answer to a batch. */
export const PostResults = v.strictObject({ results })

/** The problem with a request; for a batch, `results` has the errors of each activity. */
export const PostProblem = v.looseObject({ ...Problem.entries, results: v.exactOptional(results) })

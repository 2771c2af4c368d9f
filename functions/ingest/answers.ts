import { Id, TimestampText } from '@activity-log/shared/activity.ts'
import { Count, InputErrors, Problem } from '@activity-log/shared/answers.ts'
import * as v from 'valibot'

const ReceiptText = v.pipe(
  v.string(),
  v.metadata({ pattern: '^[A-Za-z0-9_-]{24}$' }),
  v.description('Names the record: GET /receipts/{receipt} says what became of it'),
)

/** The answer to one activity. */
export const Accepted = v.strictObject({ id: Id, timestamp: TimestampText, receipt: ReceiptText })
export type Accepted = v.InferOutput<typeof Accepted>

/** What became of one of many: `index` is its place among them. */
const PostResult = v.variant('status', [
  v.strictObject({ index: Count, status: v.literal('accepted'), id: Id, receipt: ReceiptText }),
  v.strictObject({ index: Count, status: v.literal('invalid'), errors: InputErrors }),
  v.strictObject({ index: Count, status: v.literal('unavailable'), id: Id }),
])

const results = v.pipe(v.array(PostResult), v.description('In the order in which they were sent'))

/** The answer to many. */
export const PostResults = v.strictObject({ results })

/** What went wrong with what was posted; of many, what went wrong with each. */
export const PostProblem = v.looseObject({ ...Problem.entries, results: v.exactOptional(results) })

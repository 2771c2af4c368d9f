import { Count, FoundActivity, InputErrors, PathText, Position, Time } from '@activity-log/shared/answers.ts'
import { outcomes } from '@activity-log/shared/outcome.ts'
import { deadLetterReasons, deadLetterStates } from '@activity-log/shared/store/dead-letters.ts'
import * as v from 'valibot'

const Page = v.pipe(v.number(), v.integer(), v.minValue(1))
const NextPath = v.pipe(v.nullable(PathText), v.description('The path of the next page, also in Link'))
const PreviousPath = v.pipe(v.nullable(PathText), v.description('The path of the previous page, also in Link'))
const Truncated = v.exactOptional(
  v.pipe(v.literal(true), v.description('The page ended at 1 MiB; only next leads to the rest')),
)
const SearchedThrough = v.exactOptional(
  v.pipe(
    Time,
    v.description(
      'The search took too long and came this far: the page has every match up to this time, and next goes on from there',
    ),
  ),
)
const AsOfText = v.pipe(
  v.nullable(v.string()),
  v.description('The snapshot that this answer shows; null if none is available'),
)
const CompleteThrough = v.pipe(
  v.nullable(Time),
  v.description('No accepted record received before this time is missing, as far as the store knows'),
)

/** The outcome of a record, as GET /receipts/{receipt} answers it. */
export const ReceiptAnswer = v.strictObject({
  status: v.pipe(
    v.picklist(['pending', ...outcomes, 'expired']),
    v.description('expired: no longer known, or removed by retention; look for the id'),
  ),
  id: v.exactOptional(v.string()),
  position: Position,
  links: v.strictObject({ activity: v.exactOptional(PathText), deadLetter: v.exactOptional(PathText) }),
})
export type ReceiptAnswer = v.InferOutput<typeof ReceiptAnswer>

/** The outcomes of records, as POST /receipts answers them. */
export const ReceiptsAnswer = v.strictObject({
  results: v.pipe(
    v.array(v.strictObject({ receipt: v.string(), ...ReceiptAnswer.entries })),
    v.description('In the order in which the receipts were sent'),
  ),
})

export const ListAnswer = v.strictObject({
  data: v.array(FoundActivity),
  page: Page,
  limit: Page,
  total: v.exactOptional(v.pipe(Count, v.description('The number of matches; absent with count=none'))),
  totalIsExact: v.exactOptional(v.pipe(v.boolean(), v.description('False if there are more matches than total'))),
  truncated: Truncated,
  searchedThrough: SearchedThrough,
  next: NextPath,
  previous: PreviousPath,
  completeThrough: CompleteThrough,
  asOf: AsOfText,
  receipt: v.exactOptional(ReceiptAnswer),
})
export type ListAnswer = v.InferOutput<typeof ListAnswer>

export const ContextAnswer = v.strictObject({
  activity: FoundActivity,
  before: v.pipe(v.array(FoundActivity), v.description('The activities of the same user before it, oldest first')),
  after: v.pipe(v.array(FoundActivity), v.description('The activities of the same user after it, oldest first')),
  truncated: Truncated,
})
export type ContextAnswer = v.InferOutput<typeof ContextAnswer>

export const StatsAnswer = v.strictObject({
  by: v.picklist(['action', 'userId', 'hour', 'day', 'month']),
  timezone: v.exactOptional(v.string()),
  data: v.pipe(v.array(v.strictObject({ key: v.string(), count: Count })), v.readonly()),
  other: v.pipe(Count, v.description('The number of matches whose keys are not in data')),
  total: v.pipe(Count, v.description('The number of matches; with prefix, of those whose keys begin with it')),
  next: v.exactOptional(v.pipe(NextPath, v.description('The path of the names that follow; absent for times'))),
  asOf: AsOfText,
})
export type StatsAnswer = v.InferOutput<typeof StatsAnswer>

const OffsetRange = v.strictObject({ from: Count, to: Count })
const WaitingDelivery = v.strictObject({
  partition: Count,
  offset: Count,
  since: Time,
  attempts: Count,
  nextAttempt: Time,
  reason: v.pipe(v.string(), v.description('Why the last attempt failed')),
})
export const LedgerAnswer = v.strictObject({
  complete: v.pipe(v.boolean(), v.description('True if no record is missing')),
  completeThrough: CompleteThrough,
  partitions: v.array(
    v.strictObject({
      partition: v.pipe(v.number(), v.integer()),
      first: Count,
      last: Count,
      completeThrough: v.pipe(v.nullable(Count), v.description('The offset through which every outcome is known')),
      counts: v.strictObject(v.entriesFromList(outcomes, Count)),
      abandoned: v.pipe(
        Count,
        v.description('The number of records that left the queue before their outcome was known'),
      ),
      missing: v.pipe(
        v.array(OffsetRange),
        v.description('Ranges of offsets without an outcome, both ends included; at most the first 100'),
      ),
      missingCount: Count,
      uncounted: v.exactOptional(
        v.pipe(v.boolean(), v.description('True if there may be more records than were counted')),
      ),
    }),
  ),
  uncountedPartitions: v.exactOptional(
    v.pipe(
      v.literal(true),
      v.description('There are records in partitions from 1,000 on, which no topic of this log has; none is counted'),
    ),
  ),
  waiting: v.exactOptional(
    v.pipe(
      v.strictObject({
        count: Count,
        first: v.pipe(v.array(WaitingDelivery), v.description('Those that have waited longest; at most 20')),
      }),
      v.description('Deliveries that failed and will be attempted again. Only where the log delivers records itself'),
    ),
  ),
})
export type LedgerAnswer = v.InferOutput<typeof LedgerAnswer>

export const TenantsAnswer = v.strictObject({
  data: v.array(v.strictObject({ tenant: v.string(), hasKey: v.boolean() })),
  next: NextPath,
})
export type TenantsAnswer = v.InferOutput<typeof TenantsAnswer>

const resolvedAt = { at: Time }
/** A dead letter as lists show it. */
export const DeadLetterSummary = v.strictObject({
  id: v.string(),
  state: v.picklist(deadLetterStates),
  reason: v.picklist(deadLetterReasons),
  errors: InputErrors,
  activityId: v.exactOptional(v.string()),
  topic: v.string(),
  position: Position,
  firstPosition: v.exactOptional(Position),
  recordedAt: v.exactOptional(Time),
  firstAt: Time,
  lastAt: Time,
  attempts: Count,
  resolution: v.exactOptional(
    v.variant('state', [
      v.strictObject({ state: v.literal('replayed'), outcome: v.picklist(['stored', 'duplicate']), ...resolvedAt }),
      v.strictObject({ state: v.literal('discarded'), note: v.string(), ...resolvedAt }),
    ]),
  ),
  links: v.strictObject({ self: PathText }),
})
export type DeadLetterSummary = v.InferOutput<typeof DeadLetterSummary>

/** A dead letter with its original record. */
export const DeadLetterAnswer = v.strictObject({
  ...DeadLetterSummary.entries,
  headers: v.pipe(v.record(v.string(), v.string()), v.description('The original headers of the record')),
  body: v.strictObject({
    base64: v.pipe(v.string(), v.base64()),
    text: v.exactOptional(v.pipe(v.string(), v.description('The bytes as text, if they are valid UTF-8'))),
  }),
})
export type DeadLetterAnswer = v.InferOutput<typeof DeadLetterAnswer>

export const DeadLettersAnswer = v.strictObject({
  data: v.array(DeadLetterSummary),
  limit: Page,
  truncated: Truncated,
  next: NextPath,
  previous: PreviousPath,
})
export type DeadLettersAnswer = v.InferOutput<typeof DeadLettersAnswer>

import * as v from 'valibot'
import { Id, Metadata, Name, TimestampText } from './activity.ts'
import type { InputError as InputErrorType } from './checked.ts'
import type { FoundActivity as FoundActivityType } from './document.ts'
import type { Position as PositionType } from './receipt.ts'

/**
 * The schemas of answers that several functions give. They check nothing: the contract is generated from them, and
 * v.metadata tells JSON Schema what an action beside it does in code.
 */

/** An instant in the form that the log writes. */
export const Time = v.pipe(v.string(), v.metadata({ format: 'date-time' }), v.examples(['2024-01-15T10:00:01.000Z']))
export const Count = v.pipe(v.number(), v.integer(), v.minValue(0))
export const PathText = v.pipe(v.string(), v.description('A path of this API, relative to its origin'))

export const Position = v.pipe(
  v.strictObject({ partition: v.pipe(v.number(), v.integer()), offset: Count }),
  v.description('The position of a record in the queue'),
) satisfies v.GenericSchema<PositionType>

export const InputError = v.pipe(
  v.strictObject({
    pointer: v.pipe(
      v.string(),
      v.description('A JSON Pointer (RFC 6901) into the body, or the name of a parameter or header'),
    ),
    detail: v.string(),
  }),
  v.examples([{ pointer: '/userId', detail: 'is required' }]),
) satisfies v.GenericSchema<InputErrorType>
export const InputErrors = v.pipe(v.array(InputError), v.readonly())

export const FoundActivity = v.pipe(
  v.strictObject({
    id: Id,
    userId: Name,
    action: Name,
    timestamp: TimestampText,
    metadata: v.exactOptional(Metadata),
    recordedAt: v.pipe(Time, v.description('When the log received the activity')),
  }),
  v.description('A stored activity, as it was sent, with the time of its receipt'),
) satisfies v.GenericSchema<FoundActivityType>

export const Problem = v.pipe(
  v.looseObject({
    type: v.pipe(v.string(), v.metadata({ pattern: '^urn:activity-log:problem:[a-z-]+$' })),
    title: v.string(),
    status: v.pipe(v.number(), v.integer(), v.minValue(400), v.maxValue(599)),
    detail: v.string(),
    errors: v.exactOptional(v.pipe(InputErrors, v.description('Every error, with its place in the request'))),
  }),
  v.description('A problem (RFC 9457)'),
)

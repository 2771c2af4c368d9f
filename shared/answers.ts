import * as v from 'valibot'
import { Id, Metadata, Name, TimestampText } from './activity.ts'
import type { InputError as InputErrorType } from './checked.ts'
import type { FoundActivity as FoundActivityType } from './document.ts'
import type { Position as PositionType } from './receipt.ts'

/** What more than one function answers. Nothing is checked by these: the contract is made of them; v.metadata says in JSON Schema what the actions beside it do in code. */

/** An instant as the log writes it. */
export const Time = v.pipe(v.string(), v.metadata({ format: 'date-time' }), v.examples(['2024-01-15T10:00:01.000Z']))
export const Count = v.pipe(v.number(), v.integer(), v.minValue(0))
export const PathText = v.pipe(v.string(), v.description('A path of this API, relative to its origin'))

export const Position = v.pipe(
  v.strictObject({ partition: v.pipe(v.number(), v.integer()), offset: Count }),
  v.description('Where a record is in the queue'),
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
    recordedAt: v.pipe(Time, v.description('When it was received')),
  }),
  v.description('An activity as it is found: as it was sent, and when it was received'),
) satisfies v.GenericSchema<FoundActivityType>

export const Problem = v.pipe(
  v.looseObject({
    type: v.pipe(v.string(), v.metadata({ pattern: '^urn:activity-log:problem:[a-z-]+$' })),
    title: v.string(),
    status: v.pipe(v.number(), v.integer(), v.minValue(400), v.maxValue(599)),
    detail: v.string(),
    errors: v.exactOptional(v.pipe(InputErrors, v.description('Every mistake, with its place'))),
  }),
  v.description('What went wrong (RFC 9457)'),
)

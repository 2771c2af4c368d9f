import { InputErrors, PathText } from '@activity-log/shared/answers.ts'
import * as v from 'valibot'

/** What a replay came to: `rejected` is what can still not be saved. */
export const Replayed = v.strictObject({
  id: v.pipe(v.string(), v.description('Of the dead letter')),
  outcome: v.pipe(
    v.picklist(['stored', 'duplicate', 'conflict', 'rejected']),
    v.description('stored and duplicate close the dead letter'),
  ),
  errors: v.exactOptional(InputErrors),
  links: v.exactOptional(v.strictObject({ activity: PathText, deadLetter: PathText })),
})
export type Replayed = v.InferOutput<typeof Replayed>

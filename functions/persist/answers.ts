import { InputErrors, PathText } from '@activity-log/shared/answers.ts'
import * as v from 'valibot'

/** The result of a replay; `rejected` means that the record still cannot be saved. */
export const Replayed = v.strictObject({
  id: v.pipe(v.string(), v.description('The id of the dead letter')),
  outcome: v.pipe(
    v.picklist(['stored', 'duplicate', 'conflict', 'rejected']),
    v.description('stored and duplicate close the dead letter'),
  ),
  errors: v.exactOptional(InputErrors),
  links: v.exactOptional(v.strictObject({ activity: PathText, deadLetter: PathText })),
})
export type Replayed = v.InferOutput<typeof Replayed>

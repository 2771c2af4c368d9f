import type { InputError } from '@activity-log/shared/checked.ts'

export const hasOtherContent: InputError = { pointer: '/id', detail: 'is already stored with other content' }

/** Only somebody who searches for such an id finds one: the keys of two ids agree in 128 bits of a hash. */
export const hasTakenKey: InputError = {
  pointer: '/id',
  detail: 'has the key of another stored activity; send the activity with another id',
}

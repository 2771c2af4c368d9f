import type { InputError } from '@activity-log/shared/checked.ts'

export const hasOtherContent: InputError = { pointer: '/id', detail: 'is already stored with other content' }

/** Such an id is never found by chance, only by search: two ids share a key if they agree in 128 bits of a hash. */
export const hasTakenKey: InputError = {
  pointer: '/id',
  detail: 'has the key of another stored activity; send the activity with another id',
}

export const isSuspended: InputError = {
  pointer: 'ce-tenant',
  detail: 'is suspended; an operator may replay the record later',
}

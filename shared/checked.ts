/** What is wrong with one place in an input. `pointer` is a JSON Pointer (RFC 6901) or the name of a parameter or header. */
export type InputError = { pointer: string; detail: string }

/** The value, or everything that is wrong with it. */
export type Checked<T> = { ok: true; value: T } | { ok: false; errors: readonly InputError[] }

export const valid = <T>(value: T): Checked<T> => ({ ok: true, value })
export const invalid = (...errors: readonly InputError[]): { ok: false; errors: readonly InputError[] } => ({
  ok: false,
  errors,
})

/** Longer pointers would make an answer far larger than its request. */
const maxPointerLength = 256
/** For one activity. */
export const maxErrors = 20

/** One step of a JSON Pointer, escaped (RFC 6901, section 3). */
export function pointerStep(key: string | number): string {
  if (typeof key === 'number') return `/${key}`
  return `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
}

/** The pointer to a member of what is at `parent`; where it would be absurdly long, to the nearest place around it. */
export function pointerTo(parent: string, key: string | number): string {
  if (typeof key === 'string' && key.length > maxPointerLength) return parent
  const pointer = parent + pointerStep(key)
  return pointer.length > maxPointerLength ? parent : pointer
}

/** The same errors, seen from the document that holds the input at `prefix`. */
export function below(prefix: string, errors: readonly InputError[]): readonly InputError[] {
  return errors.map(({ pointer, detail }) => ({ pointer: prefix + pointer, detail }))
}

/** As many as a reader can use, and whether there are more: an answer must not be far larger than its request. */
export function firstErrors(errors: readonly InputError[]): readonly InputError[] {
  if (errors.length <= maxErrors) return errors
  return [...errors.slice(0, maxErrors), { pointer: '', detail: 'has more errors than these' }]
}

/** One error in an input. `pointer` is a JSON Pointer (RFC 6901) or the name of a parameter or header. */
export type InputError = { pointer: string; detail: string }

/** The value, or all its errors. */
export type Checked<T> = { ok: true; value: T } | { ok: false; errors: readonly InputError[] }

export const valid = <T>(value: T): Checked<T> => ({ ok: true, value })
export const invalid = (...errors: readonly InputError[]): { ok: false; errors: readonly InputError[] } => ({
  ok: false,
  errors,
})

/** Longer pointers would make an answer far larger than its request. */
const maxPointerLength = 256
/** The limit for one activity. */
export const maxErrors = 20

/** Escapes one step of a JSON Pointer (RFC 6901, section 3). */
export function pointerStep(key: string | number): string {
  if (typeof key === 'number') return `/${key}`
  return `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
}

/** The pointer to a member of `parent`. If it would be too long, it points to the nearest place that encloses it. */
export function pointerTo(parent: string, key: string | number): string {
  if (typeof key === 'string' && key.length > maxPointerLength) return parent
  const pointer = parent + pointerStep(key)
  return pointer.length > maxPointerLength ? parent : pointer
}

/** Moves errors of an input into the document that holds the input at `prefix`. */
export function below(prefix: string, errors: readonly InputError[]): readonly InputError[] {
  return errors.map(({ pointer, detail }) => ({ pointer: prefix + pointer, detail }))
}

/** Keeps as many errors as a reader can use: an answer must not be far larger than its request. */
export function firstErrors(errors: readonly InputError[]): readonly InputError[] {
  if (errors.length <= maxErrors) return errors
  return [...errors.slice(0, maxErrors), { pointer: '', detail: 'has more errors than are listed here' }]
}

/** What is wrong with one place in an input. `pointer` is a JSON Pointer (RFC 6901) or the name of a parameter or header. */
export type InputError = { pointer: string; detail: string }

/** The value, or everything that is wrong with it. */
export type Checked<T> = { ok: true; value: T } | { ok: false; errors: readonly InputError[] }

export const valid = <T>(value: T): Checked<T> => ({ ok: true, value })
export const invalid = (...errors: readonly InputError[]): { ok: false; errors: readonly InputError[] } => ({
  ok: false,
  errors,
})

/** One step of a JSON Pointer, escaped (RFC 6901, section 3). */
export function pointerStep(key: string | number): string {
  return `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`
}

/** The same errors, seen from the document that holds the input at `prefix`. */
export function below(prefix: string, errors: readonly InputError[]): readonly InputError[] {
  return errors.map(({ pointer, detail }) => ({ pointer: prefix + pointer, detail }))
}

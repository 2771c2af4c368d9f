import { Problem } from './problem.ts'

/** A 405 for a path that has other methods. */
export function wrongMethod(method: string, path: string, allowed: readonly string[]): Problem {
  const allow = allowed.join(', ')
  const detail = `${path} does not allow ${method}; it allows ${allow}.`
  return new Problem('method-not-allowed', detail, { headers: { allow } })
}

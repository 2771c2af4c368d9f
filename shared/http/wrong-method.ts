import { Problem } from './problem.ts'

/** A 405 for a path that has other methods. */
export function wrongMethod(method: string, path: string, allowed: readonly string[]): Problem {
  const allow = allowed.join(', ')
  return new Problem('method-not-allowed', `${method} is not allowed on ${path}; ${allow} is.`, { headers: { allow } })
}

import { type InputError, maxErrors } from '../checked.ts'
import { invalidInput } from './problem.ts'

/** No route has this many parameters, not even with filters on metadata. */
const maxParameters = 100

/** A parameter that may be repeated has a list of values. */
export type Parameters = { readonly [name: string]: string | readonly string[] }
type SingleParameters = { readonly [name: string]: string }

/**
 * Reads the parameters of a URL: the known ones, and those whose names begin with `family`. Unknown and badly encoded
 * parameters are errors, and so are repeated ones unless they are `repeatable`: a filter that is ignored or misread
 * would show rows that were meant to be hidden.
 */
export function readParameters(
  url: string,
  known: readonly string[],
  family?: string,
): { parameters: SingleParameters; errors: InputError[] }
export function readParameters(
  url: string,
  known: readonly string[],
  family: string | undefined,
  repeatable: readonly string[],
): { parameters: Parameters; errors: InputError[] }
export function readParameters(
  url: string,
  known: readonly string[],
  family?: string,
  repeatable: readonly string[] = [],
): { parameters: Parameters; errors: InputError[] } {
  const at = url.indexOf('?')
  const query = at === -1 ? '' : url.slice(at + 1).replace(/#.*$/, '')
  const parameters: Record<string, string | string[]> = {}
  const errors: InputError[] = []
  let count = 0
  for (const part of query.split('&')) {
    if (part === '') continue
    if (errors.length > maxErrors) break
    const [rawName = '', rawValue = ''] = part.split(/=(.*)/s)
    const name = decode(rawName)
    const value = decode(rawValue)
    if (name === undefined || value === undefined) {
      errors.push({ pointer: name ?? rawName, detail: 'is not valid percent-encoded UTF-8' })
    } else if (count >= maxParameters) {
      errors.push({ pointer: name, detail: `is one parameter too many; send at most ${maxParameters}` })
      break
    } else if (!known.includes(name) && !(family && name.startsWith(family))) {
      const names = family ? [...known, `${family}…`] : known
      errors.push({ pointer: name, detail: `is not a known parameter; allowed: ${names.join(', ') || 'none'}` })
    } else if (repeatable.includes(name)) {
      parameters[name] = [...(parameters[name] ?? []), value]
      count++
    } else if (Object.hasOwn(parameters, name)) {
      errors.push({ pointer: name, detail: 'is repeated; send it once' })
    } else {
      parameters[name] = value
      count++
    }
  }
  return { parameters, errors }
}

/** The text of a query with these parameters. */
export function writeParameters(parameters: Parameters): string {
  const each = Object.entries(parameters).flatMap(([name, value]) => [value].flat().map((one) => [name, one]))
  return new URLSearchParams(each as [string, string][]).toString()
}

/** The value of a parameter, before anything checks the URL: the first one, if it is repeated. */
export function parameterOf(url: string, name: string): string | undefined {
  const at = url.indexOf('?')
  if (at === -1) return undefined
  const query = url.slice(at + 1).replace(/#.*$/s, '')
  // a name may be percent-encoded
  if (!query.includes(`${name}=`) && !query.includes('%')) return undefined
  return new URLSearchParams(query).get(name) ?? undefined
}

/** Throws a 400 that names every parameter in the URL, for routes that take none. */
export function refuseParameters(url: string): void {
  const { errors } = readParameters(url, [])
  if (errors.length > 0) throw invalidInput(errors)
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

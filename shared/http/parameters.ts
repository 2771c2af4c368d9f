import type { InputError } from '../checked.ts'
import { invalidInput } from './problem.ts'

export type Parameters = { readonly [name: string]: string }

/**
 * The parameters of a URL: the known ones, and those that begin with `family`. Unknown and repeated ones are refused, and so
 * is what is not the percent-encoding of UTF-8: a filter that is ignored or misread shows rows that were to be hidden.
 */
export function readParameters(
  url: string,
  known: readonly string[],
  family?: string,
): { parameters: Parameters; errors: InputError[] } {
  const at = url.indexOf('?')
  const query = at === -1 ? '' : url.slice(at + 1).replace(/#.*$/, '')
  const parameters: Record<string, string> = {}
  const errors: InputError[] = []
  for (const part of query.split('&')) {
    if (part === '') continue
    const [rawName = '', rawValue = ''] = part.split(/=(.*)/s)
    const name = decode(rawName)
    const value = decode(rawValue)
    if (name === undefined || value === undefined) {
      errors.push({ pointer: name ?? rawName, detail: 'is not percent-encoded UTF-8' })
    } else if (!known.includes(name) && !(family && name.startsWith(family))) {
      const names = family ? [...known, `${family}…`] : known
      errors.push({ pointer: name, detail: `is not a parameter here; these are: ${names.join(', ') || 'none'}` })
    } else if (Object.hasOwn(parameters, name)) {
      errors.push({ pointer: name, detail: 'is there more than once' })
    } else {
      parameters[name] = value
    }
  }
  return { parameters, errors }
}

/** For a route that has none. Throws a 400 that names those that are there. */
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

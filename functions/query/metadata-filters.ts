import { isTooLongForName } from '@activity-log/shared/activity.ts'
import type { InputError } from '@activity-log/shared/checked.ts'
import { type Filter, isSearch } from '@activity-log/shared/filter.ts'
import type { Parameters } from '@activity-log/shared/http/parameters.ts'
import { type MetadataMatch, parseMetadataPath } from '@activity-log/shared/metadata-match.ts'

/** The prefix of the parameters that filter by metadata, such as metadata.a.b=value. */
export const metadataFamily = 'metadata.'

const maxFilters = 10
const maxDays = 31
const day = 24n * 60n * 60n * 1_000_000_000n

/** The metadata filters among the parameters, in an order that does not depend on the URL's, and the errors in them. */
export function readMetadataFilters(parameters: Parameters): { matches: MetadataMatch[]; errors: InputError[] } {
  const matches: MetadataMatch[] = []
  const errors: InputError[] = []
  const names = namesIn(parameters)
  for (const name of names.toSorted()) {
    const value = parameters[name] as string
    const path = parseMetadataPath(name.slice(metadataFamily.length))
    const fault = typeof path === 'string' ? path : faultIn(name, value)
    if (fault !== undefined) errors.push({ pointer: name, detail: fault })
    else matches.push({ path: path as string[], value })
  }
  const oneTooMany = names[maxFilters]
  if (oneTooMany)
    errors.push({ pointer: oneTooMany, detail: `is one metadata filter too many; at most ${maxFilters} are allowed` })
  return { matches, errors }
}

/**
 * Metadata and text have no index: without another filter that has one, a query would read the whole log. A list by text
 * answers what it found in time, so any time range will do.
 */
export function breadthErrors(filter: Filter, parameters: Parameters): InputError[] {
  const { userId, actions, from, to, metadata, text } = filter
  if (!isSearch(filter) || userId !== undefined) return []
  // the empty prefix matches every action
  if (actions?.every((pattern) => !('prefix' in pattern) || pattern.prefix !== '')) return []
  if (text !== undefined && from === undefined && to === undefined) {
    return [{ pointer: 'q', detail: 'requires userId, an action that is not excluded, from or to beside it' }]
  }
  if (!metadata) return []
  if (from !== undefined && to !== undefined && to - from <= BigInt(maxDays) * day) return []
  const detail = `requires userId, action, or from and to at most ${maxDays} days apart`
  return namesIn(parameters)
    .slice(0, 1)
    .map((pointer) => ({ pointer, detail }))
}

const namesIn = (parameters: Parameters) => Object.keys(parameters).filter((name) => name.startsWith(metadataFamily))

function faultIn(name: string, value: string): string | undefined {
  if (isTooLongForName(value)) return 'must be at most 256 characters'
  // metadata cannot contain this character, and MongoDB rejects it in names
  if (name.includes('\0') || value.includes('\0')) return 'contains the character U+0000, which metadata cannot contain'
  return undefined
}

import { isTooLongForName } from '@activity-log/shared/activity.ts'
import type { InputError } from '@activity-log/shared/checked.ts'
import type { Filter } from '@activity-log/shared/filter.ts'
import type { Parameters } from '@activity-log/shared/http/parameters.ts'
import { type MetadataMatch, parseMetadataPath } from '@activity-log/shared/metadata-match.ts'

/** metadata.a.b=value: what the names of these parameters begin with. */
export const metadataFamily = 'metadata.'

const maxFilters = 10
const maxDays = 31
const dayMs = 24 * 60 * 60 * 1000

/** The filters among the parameters, in an order that does not depend on theirs, and what is wrong with them. */
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
  if (oneTooMany) errors.push({ pointer: oneTooMany, detail: `is one metadata filter more than ${maxFilters}` })
  return { matches, errors }
}

/** There is no index of metadata: without something that has one, the whole log would be read. */
export function breadthErrors({ userId, actions, from, to, metadata }: Filter, parameters: Parameters): InputError[] {
  if (!metadata || userId !== undefined) return []
  // the empty beginning is that of every action
  if (actions?.every((pattern) => !('prefix' in pattern) || pattern.prefix !== '')) return []
  if (from !== undefined && to !== undefined && to - from <= maxDays * dayMs) return []
  const detail = `needs userId, action, or from and to at most ${maxDays} days apart beside it`
  return namesIn(parameters)
    .slice(0, 1)
    .map((pointer) => ({ pointer, detail }))
}

const namesIn = (parameters: Parameters) => Object.keys(parameters).filter((name) => name.startsWith(metadataFamily))

function faultIn(name: string, value: string): string | undefined {
  if (value === '') return 'must not be empty'
  if (isTooLongForName(value)) return 'must be at most 256 characters'
  // metadata have none, and MongoDB takes none in a name
  if (name.includes('\0') || value.includes('\0')) return 'holds the character U+0000, which metadata cannot have'
  return undefined
}

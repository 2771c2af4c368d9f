import { activityLimits, isTooLongForName, Name } from '@activity-log/shared/activity.ts'
import { type Checked, invalid, valid } from '@activity-log/shared/checked.ts'
import { type ParsedActions, parseActions } from '@activity-log/shared/filter.ts'
import { type Parameters, readParameters } from '@activity-log/shared/http/parameters.ts'
import { maxKeyNumber } from '@activity-log/shared/key.ts'
import { decodeSnapshot, type Snapshot } from '@activity-log/shared/snapshot.ts'
import { maxActions, maxUsers } from '@activity-log/shared/store/activities.ts'
import type { TenantFilter } from '@activity-log/shared/store/tenant-reader.ts'
import type { Tenant } from '@activity-log/shared/tenant.ts'
import * as v from 'valibot'
import { breadthErrors, metadataFamily, readMetadataFilters } from './metadata-filters.ts'
import { errorsOf, Instant } from './parameter-schemas.ts'

const Actions = v.pipe(
  v.string(),
  v.rawTransform(({ dataset, addIssue, NEVER }): ParsedActions => {
    const parsed = parseActions(dataset.value)
    if (typeof parsed === 'string') {
      addIssue({ message: parsed })
      return NEVER
    }
    const all = [...parsed.actions, ...parsed.excluded]
    if (all.length > maxActions) addIssue({ message: `must list at most ${maxActions} names` })
    else if (all.some((pattern) => isTooLongForName('exact' in pattern ? pattern.exact : pattern.prefix))) {
      addIssue({ message: `contains a name of more than ${activityLimits.nameCharacters} characters` })
    } else return parsed
    return NEVER
  }),
  v.metadata({ minLength: 1 }),
  v.description(
    'A name, a comma-separated list, or a prefix ending in *; !name excludes a name, and !prefix* a prefix. A backslash ' +
      'escapes a comma, an asterisk, a backslash or a leading exclamation mark',
  ),
)

const Users = v.pipe(
  v.array(Name),
  v.maxLength(maxUsers, `must be sent at most ${maxUsers} times`),
  v.transform((users) => [...new Set(users)].sort()),
  v.transform((users): string | readonly string[] => (users.length === 1 ? (users[0] as string) : users)),
  v.description(`Only activities of this user, or of any of up to ${maxUsers} users if it is repeated`),
)

const SearchText = v.pipe(
  v.string(),
  v.check((text) => text !== '', 'must not be empty'),
  v.check((text) => !isTooLongForName(text), `must be at most ${activityLimits.nameCharacters} characters`),
  v.metadata({ minLength: 1, maxLength: activityLimits.nameCharacters }),
  v.transform((text) => text.toLowerCase()),
  v.description(
    'Only activities whose user, action, or a name or scalar in metadata contains this text, in upper or lower case. ' +
      'Requires userId, an action that is not excluded, from or to',
  ),
)

const SnapshotText = v.pipe(
  v.string(),
  v.rawTransform(({ dataset, addIssue, NEVER }): Snapshot => {
    const snapshot = decodeSnapshot(dataset.value)
    if (typeof snapshot !== 'string') return snapshot
    addIssue({ message: snapshot })
    return NEVER
  }),
  v.metadata({ pattern: '^[A-Za-z0-9_-]+$' }),
  v.description('Shows the log as of this snapshot, which comes from an earlier answer'),
)

/** The parameters of every route that shows part of the log. */
export const filterParameters = {
  userId: v.optional(Users),
  action: v.optional(Actions),
  from: v.optional(v.pipe(Instant, v.description('Only activities at or after this timestamp'))),
  to: v.optional(v.pipe(Instant, v.description('Only activities before this timestamp'))),
  q: v.optional(SearchText),
  asOf: v.optional(SnapshotText),
}
const FilterParameters = v.object(filterParameters)
const filterNames = Object.keys(filterParameters)
const repeatable = ['userId']

/** `parameters` has the raw values, which links repeat. Each of the route's own parameters is a member, too, parsed. */
export type FilterRequest<Own extends v.ObjectEntries> = v.InferOutput<v.ObjectSchema<Own, undefined>> & {
  parameters: Parameters
  filter: TenantFilter
}

/**
 * Reads the filter in a URL and the values of the route's `own` parameters, or lists every error in them. `finish`
 * turns them into what the route wants, or lists errors that concern several of them.
 */
export function readFilterRequest<const Own extends v.ObjectEntries>(
  url: string,
  tenant: Tenant,
  own: Own,
): Checked<FilterRequest<Own>>
export function readFilterRequest<const Own extends v.ObjectEntries, Request>(
  url: string,
  tenant: Tenant,
  own: Own,
  finish: (request: FilterRequest<Own>) => Checked<Request>,
): Checked<Request>
export function readFilterRequest<const Own extends v.ObjectEntries>(
  url: string,
  tenant: Tenant,
  own: Own,
  finish: (request: FilterRequest<Own>) => Checked<unknown> = valid,
): Checked<unknown> {
  const { parameters, errors } = readParameters(url, [...filterNames, ...Object.keys(own)], metadataFamily, repeatable)
  const shared = v.safeParse(FilterParameters, parameters)
  const values = v.safeParse(v.object(own), parameters)
  const metadata = readMetadataFilters(parameters)
  errors.push(...errorsOf(shared.issues), ...errorsOf(values.issues, own), ...metadata.errors)
  if (!shared.success) return invalid(...errors)
  const { userId, action, from, to, q: text, asOf: snapshot } = shared.output
  if (from !== undefined && to !== undefined && from > to)
    errors.push({ pointer: 'to', detail: 'must not be earlier than from' })
  const filter: TenantFilter = {
    tenant,
    ...(userId !== undefined && { userId }),
    ...(action && action.actions.length > 0 && { actions: action.actions }),
    ...(action && action.excluded.length > 0 && { excluded: action.excluded }),
    ...(from !== undefined && { from }),
    // activities later than the largest instant of a key are stored at that instant, so `to` must not exclude it
    ...(to !== undefined && to < maxKeyNumber && { to }),
    ...(snapshot !== undefined && { snapshot }),
    ...(metadata.matches.length > 0 && { metadata: metadata.matches }),
    ...(text !== undefined && { text }),
  }
  errors.push(...breadthErrors(filter, parameters))
  if (!values.success) return invalid(...errors)
  const finished = finish({ ...values.output, parameters, filter })
  if (!finished.ok) errors.push(...finished.errors)
  return errors.length > 0 ? invalid(...errors) : finished
}

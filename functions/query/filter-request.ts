import { activityLimits, isTooLongForName, Name } from '@activity-log/shared/activity.ts'
import { type Checked, invalid, valid } from '@activity-log/shared/checked.ts'
import { type ActionPattern, type Filter, parseActions } from '@activity-log/shared/filter.ts'
import { type Parameters, readParameters } from '@activity-log/shared/http/parameters.ts'
import { maxKeyNumber } from '@activity-log/shared/key.ts'
import { decodeSnapshot, type Snapshot } from '@activity-log/shared/snapshot.ts'
import { maxActions } from '@activity-log/shared/store/activities.ts'
import * as v from 'valibot'
import { breadthErrors, metadataFamily, readMetadataFilters } from './metadata-filters.ts'
import { errorsOf, Instant } from './parameter-schemas.ts'

const Actions = v.pipe(
  v.string(),
  v.rawTransform(({ dataset, addIssue, NEVER }): readonly ActionPattern[] => {
    const parsed = parseActions(dataset.value)
    if (typeof parsed === 'string') addIssue({ message: parsed })
    else if (parsed.length > maxActions) addIssue({ message: `must list at most ${maxActions} names` })
    else if (parsed.some((pattern) => isTooLongForName('exact' in pattern ? pattern.exact : pattern.prefix))) {
      addIssue({ message: `contains a name of more than ${activityLimits.nameCharacters} characters` })
    } else return parsed
    return NEVER
  }),
  v.metadata({ minLength: 1 }),
  v.description(
    'A name, a comma-separated list, or a prefix ending in *; a backslash escapes a comma, an asterisk or a backslash',
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
  userId: v.optional(v.pipe(Name, v.description('Only activities of this user'))),
  action: v.optional(Actions),
  from: v.optional(v.pipe(Instant, v.description('Only activities at or after this timestamp'))),
  to: v.optional(v.pipe(Instant, v.description('Only activities before this timestamp'))),
  asOf: v.optional(SnapshotText),
}
const FilterParameters = v.object(filterParameters)
const filterNames = Object.keys(filterParameters)

/** `parameters` has the raw values, which links repeat. Each of the route's own parameters is a member, too, parsed. */
export type FilterRequest<Own extends v.ObjectEntries> = v.InferOutput<v.ObjectSchema<Own, undefined>> & {
  parameters: Parameters
  filter: Filter
}

/**
 * Reads the filter in a URL and the values of the route's `own` parameters, or lists every error in them. `finish`
 * turns them into what the route wants, or lists errors that concern several of them.
 */
export function readFilterRequest<const Own extends v.ObjectEntries>(
  url: string,
  tenant: string,
  own: Own,
): Checked<FilterRequest<Own>>
export function readFilterRequest<const Own extends v.ObjectEntries, Request>(
  url: string,
  tenant: string,
  own: Own,
  finish: (request: FilterRequest<Own>) => Checked<Request>,
): Checked<Request>
export function readFilterRequest<const Own extends v.ObjectEntries>(
  url: string,
  tenant: string,
  own: Own,
  finish: (request: FilterRequest<Own>) => Checked<unknown> = valid,
): Checked<unknown> {
  const { parameters, errors } = readParameters(url, [...filterNames, ...Object.keys(own)], metadataFamily)
  const shared = v.safeParse(FilterParameters, parameters)
  const values = v.safeParse(v.object(own), parameters)
  const metadata = readMetadataFilters(parameters)
  errors.push(...errorsOf(shared.issues), ...errorsOf(values.issues, own), ...metadata.errors)
  if (!shared.success) return invalid(...errors)
  const { userId, action: actions, from, to, asOf: snapshot } = shared.output
  if (from !== undefined && to !== undefined && from > to)
    errors.push({ pointer: 'to', detail: 'must not be earlier than from' })
  const filter: Filter = {
    tenant,
    ...(userId !== undefined && { userId }),
    ...(actions !== undefined && { actions }),
    ...(from !== undefined && { from }),
    // activities later than the largest instant of a key are stored at that instant, so `to` must not exclude it
    ...(to !== undefined && to < maxKeyNumber && { to }),
    ...(snapshot !== undefined && { snapshot }),
    ...(metadata.matches.length > 0 && { metadata: metadata.matches }),
  }
  errors.push(...breadthErrors(filter, parameters))
  if (!values.success) return invalid(...errors)
  const finished = finish({ ...values.output, parameters, filter })
  if (!finished.ok) errors.push(...finished.errors)
  return errors.length > 0 ? invalid(...errors) : finished
}

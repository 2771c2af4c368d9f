/** The parameters of a page, as they are in its URL. */
export type View = { readonly [name: string]: string }

export const plainFilters = ['userId', 'action', 'from', 'to'] as const
const places: readonly string[] = ['page', 'cursor', 'asOf']
/** Parameters of appearance, which the API does not know. */
export const looks: readonly string[] = ['columns', 'zone', 'live', 'counts']

export const isFilter = (name: string) => plainFilters.some((filter) => filter === name) || name.startsWith('metadata.')

/** The parameters that decide which activities are shown. */
export const filtersOf = (view: View): View =>
  Object.fromEntries(Object.entries(view).filter(([name]) => isFilter(name)))

/** Links to the page with changes; undefined removes a parameter. When a filter changes, the first page comes next. */
export function href(view: View, changes: { readonly [name: string]: string | undefined } = {}): string {
  const isElsewhere = Object.keys(changes).some((name) => isFilter(name) || name === 'order' || places.includes(name))
  const kept = Object.entries(view).filter(([name]) => !(isElsewhere && places.includes(name)))
  return apiHref('/', { ...Object.fromEntries(kept), ...changes })
}

export function apiHref(path: string, parameters: { readonly [name: string]: string | undefined }): string {
  const given = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined)
  const query = new URLSearchParams(given).toString()
  return query === '' ? path : `${path}?${query}`
}

/** The parameters for `GET /logs`, without those that only the viewer knows. */
export function listParameters(view: View): View {
  const { limit = '50' } = view
  return { ...Object.fromEntries(Object.entries(view).filter(([name]) => !looks.includes(name))), limit }
}

/** The parameter that matches exactly this action. */
export const exactAction = (action: string) => action.replace(/[\\,*]/g, '\\$&')

export const columnNames = {
  time: 'Time',
  user: 'User',
  action: 'Action',
  metadata: 'Metadata',
  id: 'Id',
  recorded: 'Recorded',
}
export type PlainColumn = keyof typeof columnNames
const defaultColumns = 'time,user,action,metadata'

const isColumn = (name: string) => Object.hasOwn(columnNames, name) || /^metadata\../.test(name)

/** The chosen columns; `metadata.a.b` is the value at that path. */
export function columnsOf({ columns = defaultColumns }: View): string[] {
  const known = [...new Set(columns.split(','))].filter(isColumn).slice(0, 20)
  return known.length > 0 ? known : defaultColumns.split(',')
}

/** Adds the column, or removes it if it is shown. */
export function withColumn(view: View, column: string): string {
  const columns = columnsOf(view)
  const plain = Object.keys(columnNames)
  const place = (name: string) => (plain.includes(name) ? plain.indexOf(name) : plain.length)
  const others = columns.filter((name) => name !== column)
  const changed = others.length < columns.length ? others : [...columns, column].toSorted((a, b) => place(a) - place(b))
  return changed.join(',')
}

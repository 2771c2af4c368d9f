/**
 * The parameters of a page, as they are in its URL. Several users are one value, with half a character between them,
 * which no URL can contain.
 */
export type View = { readonly [name: string]: string }

export const plainFilters = ['userId', 'action', 'q', 'from', 'to'] as const
const places: readonly string[] = ['page', 'cursor', 'asOf', 'row']
/** Parameters of appearance, which the API does not know. `row` is the number of the first row of a page. */
export const looks: readonly string[] = ['columns', 'zone', 'live', 'counts', 'row']
export const userSeparator = '\ud800'

export const isMetadataFilter = (name: string) => name.startsWith('metadata.')
export const isFilter = (name: string) => plainFilters.some((filter) => filter === name) || isMetadataFilter(name)

/** The view in the parameters of a URL. Forms send empty fields; a metadata filter may ask for an empty text. */
export function viewOf(parameters: Iterable<readonly [string, string]>): View {
  const view = new Map<string, string>()
  for (const [name, value] of parameters) {
    if (value.trim() === '' && !isMetadataFilter(name)) continue
    const before = name === 'userId' ? view.get(name) : undefined
    view.set(name, before === undefined ? value : before + userSeparator + value)
  }
  return Object.fromEntries(view)
}

/** The parameters that decide which activities are shown. */
export const filtersOf = (view: View): View =>
  Object.fromEntries(Object.entries(view).filter(([name]) => isFilter(name)))

/** The view with changes; undefined removes a parameter. */
export function changed(view: View, changes: { readonly [name: string]: string | undefined }): View {
  const all: [string, string | undefined][] = Object.entries({ ...view, ...changes })
  return Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== undefined))
}

/** Links to the page with changes; undefined removes a parameter. When a filter changes, the first page comes next. */
export function href(view: View, changes: { readonly [name: string]: string | undefined } = {}): string {
  const isElsewhere = Object.keys(changes).some((name) => isFilter(name) || name === 'order' || places.includes(name))
  const kept = Object.entries(view).filter(([name]) => !(isElsewhere && places.includes(name)))
  return apiHref('/', { ...Object.fromEntries(kept), ...changes })
}

export function apiHref(path: string, parameters: { readonly [name: string]: string | undefined }): string {
  const query = new URLSearchParams(pairsOf(parameters)).toString()
  return query === '' ? path : `${path}?${query}`
}

/** The names and values of a URL or a form. */
export const pairsOf = (parameters: { readonly [name: string]: string | undefined }): [string, string][] =>
  Object.entries(parameters).flatMap(([name, value]) => {
    if (value === undefined) return []
    const values = name === 'userId' ? value.split(userSeparator) : [value]
    return values.map((each): [string, string] => [name, each])
  })

/**
 * The filters for the API. It searches text only beside another filter, so that nobody searches the whole log by
 * mistake; here somebody reads what was found so far, and decides whether to go on.
 */
export const searchOf = (view: View): View => ({ ...filtersOf(view), ...rangeOfText(view) })

function rangeOfText({ q, userId, action, from, to }: View): View {
  const isNarrow = userId !== undefined || from !== undefined || to !== undefined || namesAction(action)
  return q === undefined || isNarrow ? {} : { from: '1970-01-01T00:00:00Z' }
}

/** Whether the filter names actions, and does not only exclude some. */
export const namesAction = (action: string | undefined) => action !== undefined && /(?:^|,)\s*[^!\s]/.test(action)

/** The parameters for `GET /logs`, without those that only the viewer knows. */
export function listParameters(view: View): View {
  const { limit = '50' } = view
  const known = Object.entries(view).filter(([name]) => !looks.includes(name))
  return { ...Object.fromEntries(known), ...rangeOfText(view), limit }
}

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

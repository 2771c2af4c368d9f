import { userSeparator, type View } from './view.ts'

/** The filters that a facet lists names for. */
export type NameFilter = 'action' | 'userId'
type Filter = string | undefined

export const usersOf = ({ userId }: View): string[] => userId?.split(userSeparator) ?? []

/** The parts of the filter for actions, as they are written: "login", "cart.*" or "!logout". */
export const actionsOf = ({ action }: View): string[] => action?.match(/(?:\\[\s\S]|[^,\\]|\\$)+/g) ?? []

/** What matches exactly this action. */
export const exactAction = (action: string) => action.replace(/^!|[\\,*]/g, '\\$&')

const partsOf = (view: View, filter: NameFilter) => (filter === 'action' ? actionsOf(view) : usersOf(view))
const written = (parts: readonly string[], filter: NameFilter): Filter =>
  parts.length === 0 ? undefined : parts.join(filter === 'action' ? ',' : userSeparator)
const partFor = (filter: NameFilter, name: string) => (filter === 'action' ? exactAction(name) : name)

export const isChosen = (view: View, filter: NameFilter, name: string) =>
  partsOf(view, filter).includes(partFor(filter, name))
export const isExcluded = (view: View, action: string) => actionsOf(view).includes(`!${exactAction(action)}`)

/** The filter for this name alone. */
export const only = partFor

/** The filter with one part less. */
export const without = (view: View, filter: NameFilter, part: string): Filter =>
  written(
    partsOf(view, filter).filter((each) => each !== part),
    filter,
  )

/** The filter that matches this name as well. */
export function also(view: View, filter: NameFilter, name: string): Filter {
  const part = partFor(filter, name)
  const others = partsOf(view, filter).filter((each) => each !== part && each !== `!${part}`)
  return written([...others, part], filter)
}

/** The filter that does not match this action. */
export function notAction(view: View, action: string): Filter {
  const part = exactAction(action)
  const others = actionsOf(view).filter((each) => each !== part && each !== `!${part}`)
  const named = others.filter((each) => !each.startsWith('!'))
  // names of other actions leave this one out already; a prefix may not
  const isLeftOut = named.length > 0 && named.every((each) => !each.endsWith('*'))
  return written(isLeftOut ? others : [...others, `!${part}`], 'action')
}

import type { Counts, Stats } from './counts.ts'
import { type Child, foreign, type H, visible } from './h.ts'
import { number } from './histogram.ts'
import { actionsOf, also, isChosen, isExcluded, type NameFilter, notAction, only, usersOf, without } from './names.ts'
import { apiHref, href, searchOf, type View } from './view.ts'

export const titles = { action: 'Actions', userId: 'Users' } as const
export const nouns = { action: 'action', userId: 'user' } as const
const paths = { action: '/viewer/actions', userId: '/viewer/users' } as const

/** The facets that were counted. */
export const facets = <Node>(h: H<Node>, { actions, users }: Counts, view: View): Node[] => [
  ...(actions?.data.length ? [facet(h, 'action', actions, view)] : []),
  ...(users?.data.length ? [facet(h, 'userId', users, view)] : []),
]

/** The most frequent names, and a link to all of them. */
function facet<Node>(h: H<Node>, filter: NameFilter, stats: Stats, view: View): Node {
  const title = titles[filter]
  const all = h('a', { class: 'all', href: namesHref(filter, view) }, `All ${title.toLowerCase()}`)
  return h(
    'section',
    { class: 'facet', 'aria-label': title },
    h('h2', null, title),
    names(h, filter, stats, view),
    h('p', { class: 'others' }, all),
  )
}

/** The page of all names, under the same filters. */
export function namesHref(filter: NameFilter, view: View, more: { readonly [name: string]: string | undefined } = {}) {
  const { asOf, zone } = view
  const { columns, order } = view
  return apiHref(paths[filter], { ...searchOf(view), asOf, zone, columns, order, ...more })
}

/** Names with their counts. */
const names = <Node>(h: H<Node>, filter: NameFilter, stats: Stats, view: View): Node =>
  h('ol', null, stats.data.map(nameDrawer(h, filter, stats, view)))

/** Draws a name as a link that shows its activities alone, or removes it from the filter. */
export function nameDrawer<Node>(
  h: H<Node>,
  filter: NameFilter,
  stats: Stats,
  view: View,
): (named: { key: string; count: number }) => Node {
  const max = Math.max(1, ...stats.data.map(({ count }) => count))
  const chosen = filter === 'action' ? actionsOf(view).filter((part) => !part.startsWith('!')) : usersOf(view)
  // the names beside a prefix are those that it matches
  const hasOthers = chosen.length > 0 && (filter === 'userId' || chosen.every((part) => !part.endsWith('*')))
  return ({ key, count }) => {
    const isOn = isChosen(view, filter, key)
    const isOff = filter === 'action' && isExcluded(view, key)
    const part = only(filter, key)
    const target = isOn ? without(view, filter, part) : isOff ? without(view, filter, `!${part}`) : part
    const state = isOn ? ' (chosen): remove this filter' : isOff && ' (left out): show it again'
    const link = {
      href: href(view, { [filter]: target }),
      'aria-current': isOn ? 'true' : undefined,
      class: isOff ? 'off' : undefined,
    }
    const noun = `${nouns[filter]} ${visible(key)}`
    const more: Child<Node>[] = [
      hasOthers && !isOn && change(h, '+', `also ${noun}`, href(view, { [filter]: also(view, filter, key) })),
      filter === 'action' && !isOff && change(h, '≠', `not ${noun}`, href(view, { action: notAction(view, key) })),
    ]
    const bar = h('rect', { width: (100 * count) / max, height: 2 })
    return h(
      'li',
      null,
      h(
        'a',
        link,
        h('span', { class: 'name' }, foreign(h, key)),
        h('span', { class: 'count' }, number(count)),
        state && h('span', { class: 'visually-hidden' }, state),
      ),
      more.some(Boolean) && h('span', { class: 'changes' }, more),
      h('svg', { viewBox: '0 0 100 2', preserveAspectRatio: 'none', 'aria-hidden': 'true' }, bar),
    )
  }
}

/** A name without links, which repeat the address of the page. */
export const plainName = <Node>(h: H<Node>, { key, count }: { key: string; count: number }): Node =>
  h('li', null, h('span', { class: 'name' }, foreign(h, key)), ' ', h('span', { class: 'count' }, number(count)))

const change = <Node>(h: H<Node>, sign: string, text: string, to: string): Node =>
  h('a', { href: to, title: text, 'aria-label': text }, sign)

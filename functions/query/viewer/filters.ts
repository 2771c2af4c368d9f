import { html } from 'hono/html'
import type { Content } from './html-document.ts'
import { visible } from './views/h.ts'
import { actionsOf, type NameFilter, usersOf, without } from './views/names.ts'
import { filtersOf, href, type View } from './views/view.ts'
import { readInstant, timeText } from './views/zone-time.ts'

/** A part of the filters as people read it, and the change that removes it. */
export type FilterPart = { label: string; text: string; removed: { readonly [name: string]: string | undefined } }

const labels: { readonly [name: string]: string } = { q: 'text', from: 'from', to: 'before' }

/** The filters one by one; times are in the zone of the page. */
export function filterParts(view: View, zone: string): FilterPart[] {
  const part = (filter: NameFilter, written: string, label: string, text: string) => ({
    label,
    text: visible(text),
    removed: { [filter]: without(view, filter, written) },
  })
  const users = usersOf(view).map((user, at) => part('userId', user, at === 0 ? 'user' : 'or user', user))
  let named = 0
  const actions = actionsOf(view).map((written) => {
    const isNot = written.trimStart().startsWith('!')
    const label = isNot ? 'not action' : named++ === 0 ? 'action' : 'or action'
    return part('action', written, label, isNot ? written.trimStart().slice(1) : written)
  })
  const others = Object.entries(filtersOf(view)).filter(([name]) => name !== 'userId' && name !== 'action')
  return [...users, ...actions, ...others.map(([name, value]) => otherPart(name, value, zone))]
}

function otherPart(name: string, value: string, zone: string): FilterPart {
  const removed = { [name]: undefined }
  const label = labels[name] ?? name.replace(/^metadata\./, '')
  const ms = name === 'from' || name === 'to' ? readInstant(value) : Number.NaN
  if (Number.isNaN(ms)) return { label: visible(label), text: value === '' ? '""' : visible(value), removed }
  const { date, time, millis } = timeText(ms, zone)
  return { label, text: `${date} ${time}${millis}`, removed }
}

/** The active filters, each with a link that removes it. */
export function chips(view: View, zone: string, linkTo = href): Content {
  const parts = filterParts(view, zone)
  if (parts.length === 0) return ''
  const items = parts.map(
    ({ label, text, removed }) =>
      html`<li><a class="chip" href="${linkTo(view, removed)}" title="Remove this filter"><span class="key"><bdi>${label}</bdi></span> <bdi class="value">${text}</bdi><span class="cross" aria-hidden="true">×</span><span class="visually-hidden"> (remove)</span></a></li>`,
  )
  const none = Object.assign({}, ...parts.map(({ removed }) => cleared(removed)))
  const all = parts.length > 1 ? html`<li><a href="${linkTo(view, none)}">Clear all filters</a></li>` : ''
  return html`<ul class="chips" aria-label="Filters">${items}${all}</ul>`
}

const cleared = (removed: FilterPart['removed']) =>
  Object.fromEntries(Object.keys(removed).map((name) => [name, undefined]))

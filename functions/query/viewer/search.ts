import { html } from 'hono/html'
import type { Content } from './html-document.ts'
import type { Counts } from './views/counts.ts'
import { visible } from './views/h.ts'
import { exactAction, filtersOf, href, isFilter, plainFilters, type View } from './views/view.ts'
import { dayStart, readInstant, timeText, wallTime } from './views/zone-time.ts'

const dayMs = 86_400_000

/** A form that works without scripts. It keeps parameters that it has no field for, except the place in the list. */
export function searchForm(view: View, zone: string, now: Date, counts: Counts | undefined): Content {
  const replaced: readonly string[] = [...plainFilters, 'page', 'cursor', 'asOf', 'counts']
  const kept = Object.entries(view).filter(([name]) => !replaced.includes(name))
  const hidden = kept.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)
  const names = (id: string, keys: readonly string[] = []) =>
    html`<datalist id="${id}">${keys
      // nobody could type a name with control characters
      .filter((key) => visible(key) === key)
      .map((key) => html`<option value="${key}"></option>`)}</datalist>`
  return html`<form class="search" id="search" role="search" action="/" method="get">${hidden}
<label>User <input name="userId" value="${view['userId'] ?? ''}" list="users" placeholder="anyone" autocomplete="off" autocapitalize="off" spellcheck="false"></label>
<label>Action <input name="action" value="${view['action'] ?? ''}" list="actions" placeholder="any, or cart.*" autocomplete="off" autocapitalize="off" spellcheck="false"></label>
<label>Metadata <input name="metadata" value="" placeholder="name=value" autocomplete="off" autocapitalize="off" spellcheck="false"></label>
<label>From <input type="datetime-local" name="from" step="1" value="${clock(view['from'], zone)}"></label>
<label>To <input type="datetime-local" name="to" step="1" value="${clock(view['to'], zone)}"></label>
<button class="primary">Find</button>
${names(
  'users',
  counts?.users?.data.map(({ key }) => key),
)}${names(
  'actions',
  counts?.actions?.data.map(({ key }) => exactAction(key)),
)}
</form>
<nav class="ranges" aria-label="Time ranges">${ranges(view, zone, now)}</nav>`
}

/** Formats an instant for a datetime-local field. */
function clock(text: string | undefined, zone: string): string {
  const ms = readInstant(text ?? '')
  return Number.isNaN(ms) ? '' : wallTime(ms, zone).slice(0, ms % 1000 === 0 ? 19 : 23)
}

/** Days begin in the reader's time zone. The links contain absolute times, so that they mean the same tomorrow. */
function ranges(view: View, zone: string, now: Date): Content {
  const ms = now.getTime()
  const minute = Math.floor(ms / 60_000) * 60_000
  const today = dayStart(ms, zone)
  const named: [string, number | undefined, number | undefined][] = [
    ['Any time', undefined, undefined],
    ['Last hour', minute - 3_600_000, undefined],
    ['Today', today, undefined],
    ['Yesterday', dayStart(ms, zone, -1), today],
    ['7 days', dayStart(ms, zone, -6), undefined],
    ['30 days', dayStart(ms, zone, -29), undefined],
    ['Year', today - 365 * dayMs, undefined],
  ]
  const text = (at: number | undefined) =>
    at === undefined ? undefined : new Date(at).toISOString().replace('.000Z', 'Z')
  return named.map(([name, from, to]) => {
    const isChosen = view['from'] === text(from) && view['to'] === text(to)
    return html`<a href="${href(view, { from: text(from), to: text(to) })}"${isChosen ? html` aria-current="true"` : ''}>${name}</a>`
  })
}

const filterNames: { readonly [name: string]: string } = {
  userId: 'user',
  action: 'action',
  from: 'from',
  to: 'before',
}

/** The name and the value of a filter, as people read them; times are in the zone of the page. */
export function filterText(name: string, value: string, zone: string): readonly [string, string] {
  const label = filterNames[name] ?? name.replace(/^metadata\./, '')
  const ms = name === 'from' || name === 'to' ? readInstant(value) : Number.NaN
  if (Number.isNaN(ms)) return [visible(label), visible(value)]
  const { date, time, millis } = timeText(ms, zone)
  return [label, `${date} ${time}${millis}`]
}

/** The active filters, each with a link that removes it. */
export function chips(view: View, zone: string): Content {
  const filters = Object.entries(filtersOf(view)).filter(([name]) => isFilter(name))
  if (filters.length === 0) return ''
  const items = filters.map(([name, value]) => {
    const [label, shown] = filterText(name, value, zone)
    return html`<li><a class="chip" href="${href(view, { [name]: undefined })}" title="Remove this filter"><span class="key"><bdi>${label}</bdi></span> <bdi class="value">${shown}</bdi><span class="cross" aria-hidden="true">×</span><span class="visually-hidden"> (remove)</span></a></li>`
  })
  const all =
    filters.length > 1
      ? html`<li><a href="${href(view, Object.fromEntries(filters.map(([name]) => [name, undefined])))}">Clear all filters</a></li>`
      : ''
  return html`<ul class="chips" aria-label="Filters">${items}${all}</ul>`
}

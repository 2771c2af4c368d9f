import { html } from 'hono/html'
import type { Content } from './html-document.ts'
import type { Counts } from './views/counts.ts'
import { visible } from './views/h.ts'
import { exactAction, usersOf } from './views/names.ts'
import { href, pairsOf, plainFilters, type View } from './views/view.ts'
import { dayStart, readInstant, wallTime } from './views/zone-time.ts'

const dayMs = 86_400_000

/** A form that works without scripts. It keeps parameters that it has no field for, except the place in the list. */
export function searchForm(view: View, zone: string, now: Date, counts: Counts | undefined): Content {
  const replaced: readonly string[] = [...plainFilters, 'page', 'cursor', 'asOf', 'row', 'counts']
  const kept = pairsOf(view).filter(([name]) => !replaced.includes(name))
  const users = usersOf(view)
  const user = (name: string, value: string) =>
    html`<label>${name} <input name="userId" value="${value}" list="users" placeholder="${users.length > 0 ? 'another' : 'anyone'}" autocomplete="off" autocapitalize="off" spellcheck="false"></label>`
  const hidden = kept.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)
  const names = (id: string, keys: readonly string[] = []) =>
    html`<datalist id="${id}">${keys
      // nobody could type a name with control characters
      .filter((key) => visible(key) === key)
      .map((key) => html`<option value="${key}"></option>`)}</datalist>`
  return html`<form class="search" id="search" role="search" action="/" method="get">${hidden}
${user('User', users[0] ?? '')}${users.length > 0 && [...users.slice(1), ''].map((value) => user('or user', value))}
<label>Action <input name="action" value="${view['action'] ?? ''}" list="actions" placeholder="any, cart.*, !login" autocomplete="off" autocapitalize="off" spellcheck="false"></label>
<label>Text <input name="q" value="${view['q'] ?? ''}" placeholder="anywhere" autocomplete="off" autocapitalize="off" spellcheck="false"></label>
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
  // weeks begin on Monday (ISO 8601)
  const weekday = new Date(`${wallTime(ms, zone).slice(0, 10)}T00:00Z`).getUTCDay() || 7
  const named: [string, number | undefined, number | undefined][] = [
    ['Any time', undefined, undefined],
    ['Last hour', minute - 3_600_000, undefined],
    ['Today', today, undefined],
    ['Yesterday', dayStart(ms, zone, -1), today],
    ['Last week', dayStart(ms, zone, -6 - weekday), dayStart(ms, zone, 1 - weekday)],
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

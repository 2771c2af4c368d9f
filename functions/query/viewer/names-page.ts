import { html } from 'hono/html'
import { drawEach, maxDrawnLength } from './drawing.ts'
import { chips } from './filters.ts'
import type { Content } from './html-document.ts'
import { h } from './html-elements.ts'
import { navigation, type Page, type PageRequest, problemContent, retryHeaders } from './viewer-page.ts'
import { beside, type Stats } from './views/counts.ts'
import { nameDrawer, namesHref, nouns, plainName, titles } from './views/facets.ts'
import { visible } from './views/h.ts'
import { number } from './views/histogram.ts'
import type { NameFilter } from './views/names.ts'
import { apiHref, changed, href, pairsOf, searchOf, type View } from './views/view.ts'

export const usersPage = (request: PageRequest) => namesPage(request, 'userId')
export const actionsPage = (request: PageRequest) => namesPage(request, 'action')

const usualLimit = '500'
/** The parameters of this page alone. */
const ownNames: readonly string[] = ['prefix', 'cursor', 'limit']

/** Lists all users or actions with their counts, the most frequent first, from `GET /stats`. */
async function namesPage(request: PageRequest, filter: NameFilter): Promise<Page> {
  const { view, zone, errors, askText, drawing } = request
  const { prefix, cursor, limit = usualLimit, asOf } = view
  const listed: View = Object.fromEntries(Object.entries(view).filter(([name]) => !ownNames.includes(name)))
  const title = titles[filter]
  const path = namesHref(filter, {})
  const nav = navigation({ zone, view, path }, '', html`<a href="${href(listed)}">Activities</a>`)
  const frame = { title: `${title} · Activity log`, shown: 'page' as const, nav }
  const asked = apiHref('/stats', { by: filter, ...searchOf(beside(listed, filter)), asOf, prefix, cursor, limit })
  const answered =
    errors.length > 0
      ? { ok: false as const, problem: { status: 400, title: 'The request is not valid', detail: '', errors } }
      : await drawing.load(() => askText(asked), href(view))
  const stats: Stats | undefined = answered.ok ? JSON.parse(answered.answer) : undefined
  const heading = stats && cursor === undefined ? amount(stats, filter) : title
  const head = html`<h1>${heading}</h1>
<form class="search names" role="search" action="${path}" method="get">${hidden(listed)}
<label>Begins with <input name="prefix" value="${prefix ?? ''}" placeholder="upper and lower case differ" autocomplete="off" autocapitalize="off" spellcheck="false"></label>
<button class="primary">Find</button></form>
${chips(listed, zone, (before, changes = {}) => namesHref(filter, changed(before, changes), { prefix }))}`
  if (!stats) {
    const { problem } = answered as Extract<typeof answered, { ok: false }>
    const again = namesHref(filter, listed, { prefix, cursor })
    const main = html`${head}${problemContent(problem, {}, again)}`
    return { ...frame, main, status: problem.status, headers: retryHeaders(problem) }
  }
  const draw = nameDrawer(h, filter, stats, listed)
  const items = await drawEach(stats.data, request, (named, drawnLength) =>
    drawnLength > maxDrawnLength ? plainName(h, named) : draw(named),
  )
  const main = html`${head}
${stats.data.length === 0 ? none(prefix, filter) : html`<section class="facet all-names" aria-label="${title}"><ol>${items}</ol></section>`}
<nav class="paging" aria-label="Pages of the list">${cursor && html`<a class="start" href="${namesHref(filter, listed, { prefix })}">First page</a>`}${
    stats.next &&
    html`<a class="button" rel="next" href="${namesHref(filter, listed, { prefix, ...placeIn(stats.next) })}">More <span aria-hidden="true">→</span></a>`
  }</nav>`
  return { ...frame, main }
}

const hidden = (view: View): Content =>
  pairsOf(view).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)

/** Says "12 users", or "500+ users" if there are more. */
function amount({ data, next }: Stats, filter: NameFilter): string {
  const noun = nouns[filter]
  return `${number(data.length)}${next ? '+' : ''} ${data.length === 1 ? noun : `${noun}s`}`
}

function none(prefix: string | undefined, filter: NameFilter): Content {
  const noun = nouns[filter]
  const which = prefix === undefined ? '' : html` begins with <bdi>${visible(prefix)}</bdi>`
  return html`<div class="state"><h2>Nothing here</h2><p>No ${noun}${which}${prefix === undefined ? ' matches these filters' : ''}.</p></div>`
}

/** The place of the next page, from the link of the API. */
function placeIn(link: string) {
  const { cursor, asOf } = Object.fromEntries(new URLSearchParams(link.split('?')[1]))
  return { cursor, ...(asOf && { asOf }) }
}

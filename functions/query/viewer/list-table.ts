import type { Turn } from '@activity-log/shared/http/turns.ts'
import { outlineJson } from '@activity-log/shared/json-outline.ts'
import { inSteps } from '@activity-log/shared/steps.ts'
import { html } from 'hono/html'
import { drawEach, maxDrawnLength } from './drawing.ts'
import type { Content } from './html-document.ts'
import { h } from './html-elements.ts'
import type { PageRequest } from './viewer-page.ts'
import { activityRow, columnLabel, extentFor, type ShownActivity } from './views/activity-row.ts'
import { number } from './views/histogram.ts'
import { apiHref, columnNames, columnsOf, href, listParameters, searchOf, type View, withColumn } from './views/view.ts'

/** The answer of `GET /logs`. */
export type ListAnswer = {
  /** The JSON of each activity, which is parsed when it is drawn. */
  data: readonly string[]
  page: number
  limit: number
  total?: number
  totalIsExact?: boolean
  /** The search took too long, and came this far. */
  searchedThrough?: string
  next: string | null
  previous: string | null
  completeThrough: string | null
  asOf?: string | null
}

const beforeRows = '{"data":'
const maxRows = 1000

/** Parses the answer of a list apart from its rows: as objects, a list takes up to twenty times the memory of its text. */
export async function readList(text: string, turn: Turn): Promise<ListAnswer> {
  const rows = text.slice(beforeRows.length, endOfRows(text))
  const outline = await inSteps(outlineJson(rows, maxRows), turn)
  if (typeof outline !== 'object') throw new Error(`The list that the viewer asked for is ${outline}`)
  return { ...endOf(text), data: outline.parts.map(({ start, end }) => rows.slice(start, end)) }
}

/** Everything but the rows. */
export const endOf = (text: string): Omit<ListAnswer, 'data'> => JSON.parse(`{${text.slice(endOfRows(text) + 1)}`)

/** Quotes in texts are escaped, so this is the last member but one of the answer itself. */
const endOfRows = (text: string): number => text.lastIndexOf('],"page":') + 1

/** The bar above the list: the total, and how to view the list. */
export const listHead = (answer: ListAnswer, view: View): Content =>
  html`<div class="bar"><h1 class="total">${totalOf(answer)}</h1>${liveSwitch(view)}${columnChoice(view)}${answer.data.length > 0 && html`<a class="button" href="#export">Export</a>`}</div>
${view['live'] === undefined ? '' : liveTools}`

/** The tools of a live list; the script fills them in. */
const liveTools = html`<div class="live-tools" id="live-tools" hidden><p class="live-state" id="live-state"></p>
<button type="button" id="live-pause" aria-pressed="false">Pause</button><button type="button" class="primary" id="live-new" hidden></button></div>`

/** Draws rows in full, until they are so long that the rest is drawn as lines. */
export async function drawRows(
  activities: Iterable<ShownActivity>,
  request: Pick<PageRequest, 'view' | 'zone' | 'turn' | 'isGone'>,
): Promise<Content[]> {
  const { view, zone } = request
  const usual = extentFor(view)
  return drawEach(activities, request, (activity, drawnLength) => {
    const extent = drawnLength > maxDrawnLength ? 'line' : usual
    return activityRow(h, activity, view, zone, extent)
  })
}

/** Parses one row at a time. */
export function* rowsOf({ data }: ListAnswer): Generator<ShownActivity> {
  for (const text of data) yield JSON.parse(text)
}

export function table(answer: ListAnswer, rows: Content, view: View): Content {
  const columns = columnsOf(view)
  const isOldestFirst = view['order'] === 'asc'
  const turned = href(view, { order: isOldestFirst ? undefined : 'asc' })
  const heads = columns.map((name) => {
    if (name !== 'time')
      return html`<th scope="col" class="c-${Object.hasOwn(columnNames, name) ? name : 'path'}">${columnLabel(name)}</th>`
    return html`<th scope="col" class="c-time" aria-sort="${isOldestFirst ? 'ascending' : 'descending'}"><a href="${turned}">Time <span class="arrow" aria-hidden="true">${isOldestFirst ? '↑' : '↓'}</span><span class="visually-hidden">${isOldestFirst ? ', oldest first: show the newest first' : ', newest first: show the oldest first'}</span></a></th>`
  })
  return html`<table id="activities" data-order="${isOldestFirst ? 'asc' : 'desc'}" data-as-of="${answer.asOf ?? ''}">
<thead><tr><th scope="col" class="c-toggle"><span class="visually-hidden">Details</span></th>${heads}</tr></thead>
${rows}
</table>`
}

/** Shows "10,000+" when the total is not exact. */
function totalOf({ total, totalIsExact }: ListAnswer): string {
  if (total === undefined) return 'Activities'
  return `${number(total)}${totalIsExact ? '' : '+'} ${total === 1 ? 'activity' : 'activities'}`
}

/** Turns live updates on or off. New activities come first, so a live list begins at the first page. */
function liveSwitch(view: View): Content {
  const isLive = view['live'] !== undefined
  const link = href(
    { ...view, live: '1' },
    { cursor: undefined, page: undefined, asOf: undefined, order: undefined, live: isLive ? undefined : '1' },
  )
  return html`<a class="button live" id="live" href="${link}"${isLive ? html` aria-current="true"` : ''}><span class="dot" aria-hidden="true"></span>Live</a>${
    isLive ? html`<noscript><p>Live updates need scripts; reload the page to see new activities.</p></noscript>` : ''
  }`
}

function columnChoice(view: View): Content {
  const chosen = columnsOf(view)
  const names = [...new Set([...Object.keys(columnNames), ...chosen])]
  const links = names.map((name) => {
    const isShown = chosen.includes(name)
    return html`<li><a href="${href(view, { columns: withColumn(view, name) })}"><span class="check" aria-hidden="true">${isShown ? '✓' : ''}</span><bdi>${columnLabel(name)}</bdi><span class="visually-hidden">${isShown ? ' (shown): hide' : ': show'}</span></a></li>`
  })
  return html`<details class="menu"><summary class="button">Columns</summary><ul>${links}</ul></details>`
}

/** The page of the viewer for a link of the API, and the number of its first row if its page number does not tell. */
function pageHref(view: View, link: string, row: string | undefined): string {
  const { cursor, page, asOf } = Object.fromEntries(new URLSearchParams(link.split('?')[1]))
  return href(view, { cursor, page, asOf, row, live: undefined })
}

/** A page may have ended before its limit, since its search took too long or its rows are large. */
function firstRowOf({ page, limit }: ListAnswer, { row = '' }: View): number {
  return /^[1-9]\d{0,9}$/.test(row) ? Number(row) : (page - 1) * limit + 1
}

const rowOn = (page: number, { limit }: ListAnswer, row: number) =>
  row === (page - 1) * limit + 1 ? undefined : String(row)

export function nextHref(answer: ListAnswer, view: View): string | undefined {
  const { next, page, data } = answer
  return next === null
    ? undefined
    : pageHref(view, next, rowOn(page + 1, answer, firstRowOf(answer, view) + data.length))
}

function previousHref(answer: ListAnswer, view: View): string | undefined {
  const { previous, page, limit } = answer
  const row = Math.max(1, firstRowOf(answer, view) - limit)
  return previous === null ? undefined : pageHref(view, previous, rowOn(Math.max(1, page - 1), answer, row))
}

export function paging(answer: ListAnswer, view: View): Content {
  const { data, page, total, totalIsExact } = answer
  const isOldestFirst = view['order'] === 'asc'
  const [before, after] = isOldestFirst ? ['Older', 'Newer'] : ['Newer', 'Older']
  const first = firstRowOf(answer, view)
  const of = total === undefined ? '' : ` of ${number(total)}${totalIsExact ? '' : '+'}`
  const place = data.length === 0 ? '' : `${number(first)}–${number(first + data.length - 1)}${of}`
  const link = (to: string | undefined, rel: string, content: Content) =>
    to === undefined
      ? html`<span class="button" aria-disabled="true">${content}</span>`
      : html`<a class="button" rel="${rel}" href="${to}">${content}</a>`
  return html`<nav class="paging" aria-label="Pages of the list">
${link(previousHref(answer, view), 'prev', html`<span aria-hidden="true">←</span> ${before}`)}
<span class="place">${place}</span>
${link(nextHref(answer, view), 'next', html`${after} <span aria-hidden="true">→</span>`)}
${page > 1 ? html`<a class="start" href="${href(view, { cursor: undefined, page: undefined })}">First page</a>` : ''}
</nav>`
}

/** Exports contain every match, not only this page, as of the snapshot of the page. */
export function exportsOf({ asOf }: ListAnswer, view: View): Content {
  const snapshot = asOf ?? undefined
  const exported = (format: 'csv' | 'ndjson') =>
    apiHref('/export', { format, ...(format === 'csv' && { bom: '1' }), ...searchOf(view), asOf: snapshot })
  const shared = href(view, {
    page: view['page'],
    cursor: view['cursor'],
    row: view['row'],
    asOf: view['asOf'] ?? snapshot,
    live: undefined,
    counts: undefined,
  })
  return html`<p class="exports" id="export">
<span>All matches:</span> <a href="${exported('csv')}" download>CSV</a> <a href="${exported('ndjson')}" download>NDJSON</a>
<span data-copies="${apiHref('/logs', listParameters(view))}">This page: <button type="button" data-copy="curl" hidden>Copy as curl</button></span> <a href="${apiHref('/logs', listParameters(view))}">JSON</a> <a id="share" href="${shared}">Shareable link</a>
</p>`
}

import type { Caller } from '@activity-log/shared/http/route.ts'
import { startedWithin, undefinedIfLate } from '@activity-log/shared/within.ts'
import { html } from 'hono/html'
import type { Ask } from './ask.ts'
import { chips, filterParts } from './filters.ts'
import type { Content } from './html-document.ts'
import { h } from './html-elements.ts'
import {
  drawRows,
  endOf,
  exportsOf,
  type ListAnswer,
  listHead,
  nextHref,
  paging,
  readList,
  rowsOf,
  table,
} from './list-table.ts'
import { searchForm } from './search.ts'
import { navigation, type Page, type PageRequest, problemContent, retryHeaders, seesLedger } from './viewer-page.ts'
import { timeElement } from './views/activity-row.ts'
import { type Counts, readCounts } from './views/counts.ts'
import { facets } from './views/facets.ts'
import { histogram } from './views/histogram.ts'
import { apiHref, href, listParameters, type View } from './views/view.ts'
import { timeText } from './views/zone-time.ts'

/** Shows the list of activities, with its search, its filters and its counts. */
export async function listPage(request: PageRequest): Promise<Page> {
  const { view, zone, errors, ask, askText, drawing, turn, caller, now, timeoutMs } = request
  const path = apiHref('/logs', listParameters(view))
  let counts: Counts | undefined
  const [listed, deadLetters] = await Promise.all([
    errors.length > 0
      ? undefined
      : drawing.load(
          () => askText(path),
          href(view),
          async (text) => {
            counts = await countsOf(endOf(text), request)
          },
        ),
    caller.scopes.has('operate')
      ? inTime(timeoutMs, (signal) => ask<{ data: unknown[] }>('/dead-letters?limit=1', signal))
      : undefined,
  ])
  // once a page is over the next one begins, and one without rows asks for no other turn
  const wait = turn()
  if (wait) await wait
  const search = html`${searchForm(view, zone, now, counts)}${chips(view, zone)}`
  const pages = (hasLedger: boolean) =>
    html`${deadLetters?.ok && deadLetters.answer.data.length > 0 ? html`<a href="/viewer/dead-letters">Dead letters</a>` : ''}${hasLedger ? html`<a href="/viewer/ledger">Ledger</a>` : ''}`
  const frame = { title: titleOf(view, zone), shown: 'list' as const }
  if (!listed?.ok) {
    const problem = listed?.problem ?? { status: 400, title: 'The request is not valid', detail: '', errors }
    const main = html`${search}${problemContent(problem, view, href(view))}`
    const nav = navigation({ zone, view, path: '/' }, '', pages(false))
    return { ...frame, nav, main, status: problem.status, headers: retryHeaders(problem) }
  }
  const answer = await readList(listed.answer, turn)
  const through = answer.completeThrough
  const fresh = through ? freshness(through, zone, now) : ''
  const nav = navigation({ zone, view, path: '/' }, fresh, pages(through !== null && seesLedger(caller)))
  const rows = await drawRows(rowsOf(answer), request)
  const main = html`${search}
<section class="over-time" aria-label="Activities over time" data-counts="${counts ? 'here' : 'missing'}">${
    counts ? counts.histogram && histogram(h, h, counts.histogram, view, zone) : waiting(view)
  }</section>
<div class="columns">
<aside class="facets" aria-label="Most frequent actions and users">${counts && facets(h, counts, view)}</aside>
<section class="listed" aria-label="Activities">
${listOf(answer, rows, request)}
</section>
</div>`
  return { ...frame, nav, main }
}

/** Counting a long log takes time, so the script loads the counts later. Without scripts, a link waits for them. */
async function countsOf(
  { totalIsExact }: Pick<ListAnswer, 'totalIsExact'>,
  { view, zone, ask, timeoutMs }: PageRequest,
) {
  const isWaitedFor = view['counts'] === 'wait'
  if (!totalIsExact && !isWaitedFor) return undefined
  const ms = isWaitedFor ? 30_000 : timeoutMs
  return inTime(ms, (signal) => readCounts(readingFrom(ask, signal), view, zone))
}

/** An empty list has no other pages and nothing to export, but a live one may still get activities. */
function listOf(answer: ListAnswer, rows: Content, { view, zone, caller }: PageRequest): Content {
  const head = listHead(answer, view)
  const through =
    answer.searchedThrough === undefined ? '' : searchedThrough(answer.searchedThrough, answer, view, zone)
  if (answer.data.length > 0)
    return html`${head}${table(answer, rows, view)}${through}${paging(answer, view)}${exportsOf(answer, view)}`
  if (through) return html`<h1 class="total">Nothing found so far</h1>${through}${paging(answer, view)}`
  return view['live'] ? html`${head}${table(answer, rows, view)}` : nothing(view, zone, answer, caller)
}

/** Says how far a search came in the time that it has, and leads on. */
function searchedThrough(through: string, answer: ListAnswer, view: View, zone: string): Content {
  const onwards = nextHref(answer, view)
  const [rest, way] = view['order'] === 'asc' ? ['later', 'up'] : ['earlier', 'back']
  return html`<p class="searched" role="status">Searched ${way} to ${timeElement(h, through, zone)}; ${rest} activities take longer. ${
    onwards && html`<a class="button" href="${onwards}">Continue</a>`
  }</p>`
}

/** Undefined if the work takes too long; its signal then aborts. */
const inTime = <Value>(ms: number, start: (signal: AbortSignal) => Promise<Value>): Promise<Value | undefined> =>
  startedWithin(ms, (signal) => start(signal()), 'The counts took too long').catch(undefinedIfLate)

const readingFrom = (ask: Ask, signal: AbortSignal) => async (path: string) => {
  const result = await ask(path, signal)
  return result.ok ? result.answer : undefined
}

const waiting = (view: View) =>
  html`<p class="waiting"><span class="no-script">Counting takes a while. <a href="${href(view, { counts: 'wait' })}">Wait for the counts</a></span></p>`

function titleOf(view: View, zone: string): string {
  const filters = filterParts(view, zone).map(({ label, text }) => `${label} ${text}`)
  return filters.length > 0 ? `${filters.join(', ')} · Activity log` : 'Activity log'
}

/** A program sends its key with each request; without keys there is none to send. */
const keyLine = ({ keyId }: Caller) =>
  keyId === undefined ? '' : '\n  -H "authorization: Bearer $ACTIVITY_LOG_KEY" \\'

/** No activity that was accepted before this time is still missing. */
function freshness(through: string, zone: string, now: Date): Content {
  const { date, time } = timeText(Date.parse(through), zone)
  const isToday = date === timeText(now.getTime(), zone).date
  return html`<span class="dot" aria-hidden="true"></span>Complete through <time datetime="${through}">${isToday ? '' : html`${date} `}${time}</time>`
}

function nothing(view: View, zone: string, { page }: ListAnswer, caller: Caller): Content {
  const filters = filterParts(view, zone)
  if (page > 1) {
    return html`<div class="state"><h1>There is nothing on this page</h1><p>The list ends before this page. <a class="button" href="${href(view, { page: undefined })}">First page</a></p></div>`
  }
  if (filters.length > 0) {
    const without = filters.map(
      ({ label, text, removed }) =>
        html`<li><a href="${href(view, removed)}">Remove the filter <bdi>${label} ${text}</bdi></a></li>`,
    )
    return html`<div class="state"><h1>Nothing matches</h1><p>No activity matches all of these filters.</p><ul>${without}<li><a href="/">Clear all filters</a></li></ul></div>`
  }
  return html`<div class="state"><h1>The log is empty</h1>
<p>Send a first activity, then reload this page:</p>
<pre tabindex="0"><code>curl -X POST <span data-origin>https://YOUR-LOG</span>/logs \\${keyLine(caller)}
  -H 'content-type: application/json' \\
  -d '{"userId":"user_123","action":"click_button","metadata":{"button":"buy"}}'</code></pre>
<p>Or fill the log with made-up activities: <code>npm run log -- demo</code></p></div>`
}

import type { InputError } from '@activity-log/shared/checked.ts'
import type { Caller } from '@activity-log/shared/http/route.ts'
import { html } from 'hono/html'
import { deadLetterActs } from './dead-letter-acts.ts'
import { type Content, formHeaders } from './html-document.ts'
import { h } from './html-elements.ts'
import { navigation, type Page, type PageRequest, problemContent, retryHeaders, seesLedger } from './viewer-page.ts'
import { timeElement } from './views/activity-row.ts'
import { foreign } from './views/h.ts'
import { apiHref, type View } from './views/view.ts'

type DeadLetter = {
  id: string
  state: string
  reason: string
  errors: InputError[]
  activityId?: string
  topic: string
  position: { partition: number; offset: number }
  firstAt: string
  lastAt: string
  attempts: number
}
type Resolution = { state: string; outcome?: string; note?: string; at: string }
type Single = DeadLetter & {
  headers: { [name: string]: string }
  body: { base64: string; text?: string }
  resolution?: Resolution
}
type List = { data: DeadLetter[]; next: string | null; previous: string | null }

const path = '/viewer/dead-letters'
const reasons: { readonly [reason: string]: string } = {
  conflict: 'another activity has the same id',
  rejected: 'the record could not be saved',
  undelivered: 'the dispatcher gave up on the record',
}
const ownParameters = ['zone', 'columns', 'live']
const pagesFor = (caller: Caller) =>
  html`<a href="/">Activities</a>${seesLedger(caller) ? html`<a href="/viewer/ledger">Ledger</a>` : ''}`

/** Lists the records that could not be saved, from `GET /dead-letters`. */
export async function deadLettersPage({ view, zone, ask, caller }: PageRequest): Promise<Page> {
  const parameters: View = {
    limit: '50',
    ...Object.fromEntries(Object.entries(view).filter(([name]) => !ownParameters.includes(name))),
  }
  const frame = {
    title: 'Dead letters · Activity log',
    shown: 'page' as const,
    nav: navigation({ zone, view, path }, '', pagesFor(caller)),
  }
  const listed = await ask<List>(apiHref('/dead-letters', parameters))
  if (!listed.ok) {
    const { problem } = listed
    return { ...frame, main: problemContent(problem, {}, path), status: problem.status, headers: retryHeaders(problem) }
  }
  const { data, next, previous } = listed.answer
  const { state = 'open' } = view
  const states = ['open', 'replayed', 'discarded', 'all'].map(
    (name) =>
      html`<a href="${apiHref(path, { state: name })}"${name === state ? html` aria-current="true"` : ''}>${name}</a>`,
  )
  const link = (to: string | null, rel: string, text: string) =>
    to && html`<a class="button" rel="${rel}" href="${path}${/\?.*/s.exec(to)?.[0] ?? ''}">${text}</a>`
  const main = html`<h1>Dead letters</h1>
<p class="lead">These records could not be saved. The log keeps each with the reason and its original bytes; no other record is affected.</p>
<nav class="ranges" aria-label="State">${states}</nav>
${data.length === 0 ? html`<div class="state"><h2>Nothing here</h2><p>There are no ${state === 'all' ? '' : `${state} `}dead letters on this page.</p></div>` : tableOf(data, zone)}
<nav class="paging" aria-label="Pages of the list">${link(previous, 'prev', '← Newer')}${link(next, 'next', 'Older →')}</nav>`
  return { ...frame, main }
}

const tableOf = (letters: readonly DeadLetter[], zone: string): Content =>
  html`<table class="plain"><thead><tr><th scope="col">First arrived</th><th scope="col">Reason</th><th scope="col">Error</th><th scope="col">Activity</th><th scope="col">Position</th><th scope="col" class="n">Attempts</th><th scope="col">State</th></tr></thead><tbody>
${letters.map(
  (
    letter,
  ) => html`<tr><td data-label="First arrived"><a href="${path}/${encodeURIComponent(letter.id)}">${timeElement(h, letter.firstAt, zone)}</a></td>
<td data-label="Reason">${letter.reason}</td><td data-label="Error">${wrong(letter)}</td><td data-label="Activity">${letter.activityId ? foreign(h, letter.activityId) : '–'}</td>
<td data-label="Position"><code>${positionOf(letter)}</code></td><td data-label="Attempts" class="n">${letter.attempts}</td><td data-label="State">${letter.state}</td></tr>`,
)}</tbody></table>`

const positionOf = ({ topic, position }: DeadLetter) => `${topic} ${position.partition}/${position.offset}`
const wrong = ({ errors, reason }: DeadLetter): Content =>
  errors.length > 0
    ? foreign(h, errors.map(({ pointer, detail }) => `${pointer || 'it'} ${detail}`).join('; '))
    : reasons[reason]

/** Shows one dead letter with its original record, and what can be done about it. */
export async function deadLetterPage({ view, zone, id, ask, caller }: PageRequest): Promise<Page> {
  const own = `/dead-letters/${encodeURIComponent(id)}`
  const frame = {
    title: 'Dead letter · Activity log',
    shown: 'page' as const,
    nav: navigation(
      { zone, view: {}, path: `/viewer${own}` },
      '',
      html`<a href="${path}">Dead letters</a>${pagesFor(caller)}`,
    ),
  }
  const found = await ask<Single>(own)
  if (!found.ok) {
    const { problem } = found
    return {
      ...frame,
      main: problemContent(problem, {}, `/viewer${own}`),
      status: problem.status,
      headers: retryHeaders(problem),
    }
  }
  const { answer } = found
  const fact = (name: string, value: Content) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`
  const headers = Object.entries(answer.headers).map(([name, value]) => fact(name, foreign(h, value)))
  const resolved = resolutionFacts(answer).map(([name, value]) => fact(name, value))
  const main = html`<article class="one"><h1>Dead letter: ${answer.reason}</h1>${said(answer, view['outcome'])}<p class="lead">${wrong(answer)}</p>
<dl class="facts">${fact('State', answer.state)}${resolved}${fact('Position', html`<code>${positionOf(answer)}</code>`)}${fact('First arrived', timeElement(h, answer.firstAt, zone))}${fact('Last arrived', timeElement(h, answer.lastAt, zone))}${fact('Attempts', String(answer.attempts))}${answer.activityId && fact('Activity', foreign(h, answer.activityId))}</dl>
<h2>Original record</h2><pre tabindex="0"><code>${foreign(h, answer.body.text ?? answer.body.base64)}</code></pre>
<details><summary>Headers</summary><dl class="facts">${headers}</dl></details>
${answer.state === 'open' && caller.scopes.has('operate') ? deadLetterActs(own, caller) : ''}<p class="tools" data-copies="${own}"><a href="${own}">JSON</a></p></article>`
  return { ...frame, main, headers: formHeaders }
}

const resolutionFacts = ({ resolution }: Single): [string, Content][] => {
  if (!resolution) return []
  const { outcome, note } = resolution
  return [
    ...(outcome === undefined ? [] : [['Outcome', outcome] as [string, Content]]),
    ...(note === undefined ? [] : [['Note', foreign(h, note)] as [string, Content]]),
  ]
}

/** What was just done. An address may claim anything, so it counts only if the dead letter agrees. */
function said({ state, resolution, attempts, activityId }: Single, claimed: string | undefined): Content {
  const done = state === 'replayed' ? resolution?.outcome : state
  const agrees = state === 'open' ? attempts > 1 : claimed === done
  const text = agrees ? (state === 'open' ? notStored : closed).get(claimed ?? '') : undefined
  if (text === undefined) return ''
  const isThere = state === 'replayed' && activityId !== undefined
  const link = isThere ? html` <a href="/viewer/logs/${encodeURIComponent(activityId)}">Show the activity</a>` : ''
  return html`<p class="said" role="status">${text}${link}</p>`
}

const closed = new Map([
  ['stored', 'Replayed: the activity is stored.'],
  ['duplicate', 'Replayed: the same activity had been stored already.'],
  ['discarded', 'Discarded: the record is kept, and counts as done.'],
])
const notStored = new Map([
  ['conflict', 'Replayed, but not stored: another activity has the same id.'],
  ['rejected', 'Replayed, but not stored: the record is still not valid. It can be corrected with curl.'],
])

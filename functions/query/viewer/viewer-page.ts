import { maxErrors } from '@activity-log/shared/checked.ts'
import type { Caller } from '@activity-log/shared/http/route.ts'
import type { Turn } from '@activity-log/shared/http/turns.ts'
import { html } from 'hono/html'
import type { Ask, AskText, ShownProblem } from './ask.ts'
import type { Drawing } from './drawing.ts'
import type { Content, DocumentOptions } from './html-document.ts'
import type { ViewRequest } from './view-request.ts'
import { visible } from './views/h.ts'
import { href, isFilter, pairsOf, type View } from './views/view.ts'

export type PageRequest = ViewRequest & {
  id: string
  ask: Ask
  askText: AskText
  drawing: Drawing
  turn: Turn
  isGone: () => boolean
  caller: Caller
  basePath: string
  now: Date
  timeoutMs: number
}
export type Page = Pick<DocumentOptions, 'title' | 'nav' | 'main' | 'shown'> & {
  status?: number
  headers?: { [name: string]: string }
}

/** The top of every page: links to the other pages, how complete the log is, and settings. */
export function navigation(
  { zone, view, path }: { zone: string; view: View; path: string },
  fresh?: Content,
  more?: Content,
) {
  // hidden fields keep the rest of the address when the form is sent
  const others = pairsOf(view).filter(([name]) => name !== 'zone')
  const kept = others.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)
  return html`<nav class="pages" aria-label="Pages">${more}</nav>
<div class="fresh">${fresh}</div>
<form class="looks" action="${path}" method="get">${kept}
<label class="zone">Times in <select name="zone" id="zone">${zones(zone).map((name) => html`<option${name === zone ? html` selected` : ''}>${name}</option>`)}</select></label>
<button class="no-script">Apply</button>
<button type="button" id="theme" hidden>Theme</button>
<button type="button" id="help" aria-label="Keyboard shortcuts" hidden>?</button>
</form>`
}

/** Says who has signed in, and whose log this is. Without keys nobody signs in, and there is one log. */
export function whoIsThere({ keyId, subject, tenant, isOperator, isNamed }: Caller): Content {
  if (keyId === undefined) return ''
  const whose = isNamed || !isOperator ? html`<span class="tenant">of <bdi>${visible(tenant)}</bdi></span>` : ''
  const others = isOperator ? html`<a href="/viewer/tenants">${isNamed ? 'Other tenant' : 'Tenants'}</a>` : ''
  return html`<div class="who"><span>Signed in as <b><bdi>${visible(subject ?? keyId)}</bdi></b></span>${whose}${others}
<form action="/logout" method="post"><button>Sign out</button></form></div>`
}

/** The account of all tenants is for operators alone. */
export const seesLedger = ({ isOperator, scopes }: Caller): boolean => isOperator && scopes.has('operate')

/** Offers UTC and the current zone. The script adds the reader's own, and the address accepts any. */
const zones = (zone: string) => [...new Set(['UTC', zone])]

const maxParametersInLinks = 20

/** Says what went wrong, and what to do about it. */
export function problemContent(problem: ShownProblem, view: View, again: string): Content {
  const { status, title, detail, errors = [] } = problem
  // each link repeats all other parameters
  const hasLinks = Object.keys(view).length <= maxParametersInLinks
  const named = errors.slice(0, maxErrors).map(({ pointer, detail }) => {
    const isHere = hasLinks && Object.hasOwn(view, pointer)
    const without = isFilter(pointer) ? href(view, { [pointer]: undefined }) : href(rest(view, pointer))
    return html`<li><b><bdi>${visible(pointer)}</bdi></b> ${detail}${isHere ? html` <a href="${without}">Remove this parameter</a>` : ''}</li>`
  })
  const isOurs = status >= 500
  return html`<section class="state problem" role="alert">
<h1>${title}</h1>
${named.length > 0 ? html`<ul>${named}</ul>` : html`<p>${detail}</p>`}
<p>${
    isOurs
      ? html`Nothing is lost: every accepted activity is safe. <a class="button" href="${again}">Try again</a>`
      : html`<a class="button" href="/">Show all activities</a>`
  }</p>
</section>`
}

const rest = (view: View, without: string): View =>
  Object.fromEntries(Object.entries(view).filter(([name]) => name !== without))

export const retryHeaders = ({ retryAfter }: ShownProblem): { [name: string]: string } =>
  retryAfter ? { 'retry-after': retryAfter } : {}

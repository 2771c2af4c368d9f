import { ownerOf } from '@activity-log/shared/http/caller.ts'
import { problemOf } from '@activity-log/shared/http/failed.ts'
import { linkFrom } from '@activity-log/shared/http/named-tenant.ts'
import type { Route, Routes, Scope, ServiceRequest } from '@activity-log/shared/http/route.ts'
import type { Turn } from '@activity-log/shared/http/turns.ts'
import { html } from 'hono/html'
import { parse } from 'hono/utils/cookie'
import { kindOfPage } from '../kind-of-read.ts'
import { activityPage } from './activity-page.ts'
import { asking, type ShownProblem } from './ask.ts'
import { assetPaths, assetRoutes } from './assets.ts'
import { deadLetterPage, deadLettersPage } from './dead-letters-page.ts'
import { openDrawings } from './drawing.ts'
import { document, documentHeaders, themeOf, underBasePath, underTenant } from './html-document.ts'
import { ledgerPage } from './ledger-page.ts'
import { listPage } from './list-page.ts'
import { withRange } from './metadata-range.ts'
import { actionsPage, usersPage } from './names-page.ts'
import { type SignInOptions, signInRoutes } from './sign-in.ts'
import { tenantsPage } from './tenants-page.ts'
import { withoutTracking } from './tracking.ts'
import { readViewRequest } from './view-request.ts'
import { navigation, type Page, type PageRequest, problemContent, whoIsThere } from './viewer-page.ts'
import { href } from './views/view.ts'

export type ViewerOptions = Partial<SignInOptions> & {
  now: () => Date
  /** How long a page waits for the counts beside its list; after that the script loads them. */
  timeoutMs?: number
}

/** Pages for people over the JSON routes of the same service. They work without scripts; one script adds the rest. */
export function viewerRoutes({ now, timeoutMs = 150, access, recordSignIn = nothing }: ViewerOptions): Routes {
  const openDrawing = openDrawings()
  const page = (scope: Scope, render: (request: PageRequest) => Promise<Page>): Route => ({
    scope,
    page: true,
    kind: kindOfPage,
    async handle(request) {
      const { basePath, parameters, caller } = request
      const named = caller.isNamed ? caller.tenant : undefined
      const led = (path: string) => linkFrom({ basePath: '', caller }, path)
      const elsewhere = withoutTracking(request.url, led)
      if (elsewhere) return elsewhere
      const { id = '' } = parameters
      const cookies = parse(request.header('cookie') ?? '')
      const parsed = readViewRequest(request.url, cookies['zone'])
      const ranged = render === listPage && parsed.errors.length === 0 && withRange(parsed.view, parsed.zone, now())
      if (ranged)
        return { status: 302, headers: { location: led(basePath + href(ranged)), 'cache-control': 'no-store' } }
      using drawing = openDrawing(ownerOf(caller))
      const isGone = () => request.gone().aborted
      const turn: Turn = () => request.turn(drawing.isAwaited() ? 'awaited' : undefined)
      const own = { ...asking(request), drawing, turn, isGone }
      const asked = { ...parsed, ...own, id, caller, basePath, now: now(), timeoutMs }
      const rendered = await render(asked).catch((error) => failedPage(error, asked, request))
      // a list may have waited for a record, and its counts take long
      const problem = request.whyNoLonger()
      if (problem) throw problem
      const { status = 200, headers = {}, ...content } = rendered
      const theme = themeOf(cookies['theme'])
      const whose = caller.keyId === undefined ? undefined : caller.tenant
      const frame = { zone: parsed.zone, theme, basePath, who: whoIsThere(caller), tenant: named, whose }
      const written = String(await document({ ...content, ...frame, asset: await assetPaths('') }))
      const all = { 'content-type': 'text/html; charset=utf-8', ...documentHeaders, ...headers }
      return {
        status,
        headers: all,
        body: underBasePath(named === undefined ? written : underTenant(written, named), basePath),
      }
    },
  })
  return {
    'GET /': page('read', listPage),
    'GET /viewer/logs/:id': page('read', activityPage),
    'GET /viewer/users': page('read', usersPage),
    'GET /viewer/actions': page('read', actionsPage),
    'GET /viewer/dead-letters': page('operate', deadLettersPage),
    'GET /viewer/dead-letters/:id': page('operate', deadLetterPage),
    'GET /viewer/ledger': { ...page('operate', ledgerPage), ofAllTenants: true },
    'GET /viewer/tenants': { ...page('read', tenantsPage), ofAllTenants: true },
    ...signInRoutes({ access, recordSignIn }),
    ...assetRoutes,
  }
}

const nothing = () => Promise.resolve()

/** An error is a page, too, so that the reader has a title and a way back. */
function failedPage(error: unknown, { zone }: PageRequest, { url, basePath, log, requestId }: ServiceRequest): Page {
  const { pathname: path, search } = new URL(url, 'http://localhost')
  const problem: ShownProblem = JSON.parse(problemOf(error, { log, requestId, path }).toJson())
  const nav = navigation({ zone, view: {}, path: '/' }, '', html`<a href="/">Activities</a>`)
  const main = problemContent(problem, {}, path.slice(basePath.length) + search)
  return { title: `${problem.title} · Activity log`, shown: 'page', nav, main, status: problem.status }
}

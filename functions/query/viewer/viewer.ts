import type { Route, Routes, Scope } from '@activity-log/shared/http/route.ts'
import { parse } from 'hono/utils/cookie'
import { activityPage } from './activity-page.ts'
import { asking } from './ask.ts'
import { assetPaths, assetRoutes } from './assets.ts'
import { deadLetterPage, deadLettersPage } from './dead-letters-page.ts'
import { document, documentHeaders, type Theme } from './html-document.ts'
import { ledgerPage } from './ledger-page.ts'
import { listPage } from './list-page.ts'
import { readViewRequest } from './view-request.ts'
import type { Page, PageRequest } from './viewer-page.ts'

export type ViewerOptions = {
  now: () => Date
  /** How long a page waits for the counts beside its list; after that the script loads them. */
  timeoutMs?: number
}

/** Pages for people over the JSON routes of the same service. They work without scripts; one script adds the rest. */
export function viewerRoutes({ now, timeoutMs = 150 }: ViewerOptions): Routes {
  const page = (scope: Scope, render: (request: PageRequest) => Promise<Page>): Route => ({
    scope,
    page: true,
    async handle(request) {
      const { id = '' } = request.parameters
      const cookies = parse(request.header('cookie') ?? '')
      const parsed = readViewRequest(request.url, cookies['zone'])
      const rendered = await render({ ...parsed, id, ask: asking(request), now: now(), timeoutMs })
      const { status = 200, headers = {}, ...content } = rendered
      const theme = themeOf(cookies['theme'])
      const html = document({ ...content, zone: parsed.zone, theme, asset: await assetPaths() })
      const all = { 'content-type': 'text/html; charset=utf-8', ...documentHeaders, ...headers }
      return { status, headers: all, body: String(await html) }
    },
  })
  return {
    'GET /': page('read', listPage),
    'GET /viewer/logs/:id': page('read', activityPage),
    'GET /viewer/dead-letters': page('operate', deadLettersPage),
    'GET /viewer/dead-letters/:id': page('operate', deadLetterPage),
    'GET /viewer/ledger': page('operate', ledgerPage),
    ...assetRoutes,
  }
}

const themeOf = (text: string | undefined): Theme => (text === 'light' || text === 'dark' ? text : undefined)

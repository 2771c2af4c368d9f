import { type App, methodNotAllowed } from '@activity-log/shared/http/app.ts'
import type { Context } from 'hono'
import { getCookie } from 'hono/cookie'
import { activityPage } from './activity-page.ts'
import { asking } from './ask.ts'
import { addAssets, assetPaths } from './assets.ts'
import { booksPage } from './books-page.ts'
import { deadLetterPage, deadLettersPage } from './dead-letters-page.ts'
import { document, documentHeaders, type Theme } from './document.ts'
import { listPage } from './list-page.ts'
import type { Page, PageRequest } from './page.ts'
import { readViewRequest } from './view-request.ts'

export type ViewerOptions = {
  now: () => Date
  /** How long a page waits for what it counts beside its list; a script asks for it again. */
  patienceMs?: number
}

/** Pages for people over the JSON routes of the same app. They work without scripts; one script adds what moves. */
export function addViewer(app: App, { now, patienceMs = 150 }: ViewerOptions): void {
  const page = (path: string, render: (request: PageRequest) => Promise<Page>) => {
    app.get(path, async (c) => {
      const request = {
        ...readViewRequest(c.req.url, getCookie(c, 'zone')),
        id: c.req.param('id') ?? '',
        ask: asking(app, c),
        now: now(),
        patienceMs,
      }
      const { status = 200, headers = {}, ...content } = await render(request)
      const html = document({ ...content, zone: request.zone, theme: themeOf(c), asset: await assetPaths() })
      return c.body(String(await html), status as 200, {
        'content-type': 'text/html; charset=utf-8',
        ...documentHeaders,
        ...headers,
      })
    })
    app.all(path, methodNotAllowed('GET', 'HEAD'))
  }
  page('/', listPage)
  page('/viewer/logs/:id', activityPage)
  page('/viewer/dead-letters', deadLettersPage)
  page('/viewer/dead-letters/:id', deadLetterPage)
  page('/viewer/books', booksPage)
  addAssets(app)
}

function themeOf(c: Context): Theme {
  const theme = getCookie(c, 'theme')
  return theme === 'light' || theme === 'dark' ? theme : undefined
}

import type { Access } from '@activity-log/shared/access/access.ts'
import { endSession, setSession } from '@activity-log/shared/access/session.ts'
import type { Answer } from '@activity-log/shared/http/answer.ts'
import { isSameHost } from '@activity-log/shared/http/door.ts'
import { readForm } from '@activity-log/shared/http/form.ts'
import { Problem } from '@activity-log/shared/http/problem.ts'
import type { Caller, Routes, ServiceRequest } from '@activity-log/shared/http/route.ts'
import { isFromOwnPage, isThisMachine } from '@activity-log/shared/http/same-origin.ts'
import { parse } from 'hono/utils/cookie'
import { assetPaths } from './assets.ts'
import { document, documentHeaders, formHeaders, themeOf, underBasePath } from './html-document.ts'
import { localPath } from './local-path.ts'
import { type SignIn, signInContent } from './sign-in-page.ts'
import { readViewRequest } from './view-request.ts'

export type SignInOptions = {
  /** Without it, everybody may do everything, and nobody has to sign in. */
  access: Pick<Access, 'signIn' | 'signedIn'> | undefined
  /** Resolves once the log has recorded that somebody signs in. */
  recordSignIn(caller: Caller): Promise<void>
}

/** A person pastes a key once, and the browser keeps a session instead of the key. */
export function signInRoutes({ access, recordSignIn }: SignInOptions): Routes {
  return {
    'GET /login': { scope: 'public', page: true, handle: show },
    'POST /login': { scope: 'public', page: true, handle: signIn },
    'POST /logout': { scope: 'public', page: true, handle: signOut },
  }

  async function show(request: ServiceRequest): Promise<Answer> {
    const to = localPath(parametersOf(request.url).get('to'), request.basePath)
    if (!access) return seeOther(to)
    return page(request, { to, name: access.signedIn(request.header('cookie'))?.subject })
  }

  async function signIn(request: ServiceRequest): Promise<Answer> {
    if (!isFromOwnPage(request.header)) throw ofAnotherPage
    const fields = await readForm(request)
    const to = localPath(fields.get('to'), request.basePath)
    if (!access) return seeOther(to)
    if (!keepsSessions(request)) return page(request, { to, problem: 'dropped' })
    const signedIn = access.signIn((fields.get('key') ?? '').trim())
    if (!signedIn) return page(request, { to, problem: 'invalid' })
    const { caller, session } = signedIn
    if (!caller.scopes.has('read')) return page(request, { to, problem: 'cannot-read' })
    await recordSignIn(caller)
    request.log.info({ keyId: caller.keyId }, 'a person signed in')
    return seeOther(to, setSession(session))
  }

  async function signOut(request: ServiceRequest): Promise<Answer> {
    if (!isFromOwnPage(request.header)) throw ofAnotherPage
    return seeOther(`${request.basePath}${access ? '/login' : '/'}`, endSession)
  }

  async function page({ basePath, header }: ServiceRequest, shown: SignIn): Promise<Answer> {
    const { theme, zone: usual } = parse(header('cookie') ?? '')
    const { zone } = readViewRequest('', usual)
    const content = { ...signInContent(shown), zone, theme: themeOf(theme), basePath, asset: await assetPaths('') }
    const body = underBasePath(String(await document(content)), basePath)
    const headers = { 'content-type': 'text/html; charset=utf-8', ...documentHeaders, ...formHeaders }
    const { problem } = shown
    const status = problem === undefined ? 200 : statuses[problem]
    const challenge = { 'www-authenticate': 'Bearer realm="activity-log", error="invalid_token"' }
    return { status, headers: { ...headers, ...(status === 401 && challenge) }, body }
  }
}

const statuses = { invalid: 401, 'cannot-read': 403, dropped: 400 } as const

/**
 * Whether the browser will keep a session: over plain HTTP it does not, except for this machine. It then names the site
 * of a request by Origin alone. The gateway adds Sec-Fetch-Site to it, and leaves the Origin, which has another host.
 */
function keepsSessions({ header }: ServiceRequest): boolean {
  const sent = header('origin') ?? ''
  const origin = URL.parse(sent)
  if (origin?.protocol !== 'http:' || isThisMachine(origin.hostname)) return true
  return header('sec-fetch-site') !== undefined && isSameHost(sent, header('host'))
}

function seeOther(location: string, cookie?: string): Answer {
  const headers = { location, 'cache-control': 'no-store', ...(cookie !== undefined && { 'set-cookie': cookie }) }
  return { status: 303, headers }
}

const parametersOf = (url: string) => new URLSearchParams(/\?([^#]*)/s.exec(url)?.[1] ?? '')

const ofAnotherPage = new Problem(
  'forbidden',
  'Only the sign-in page of this log may send this form. Open /login in a browser; a program sends its key in ' +
    'Authorization, and needs no sign-in.',
)

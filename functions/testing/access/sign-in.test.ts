import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { revokeKey } from '@activity-log/shared/access/change-list.ts'
import { sessionCookie } from '@activity-log/shared/access/session.ts'
import { writeAccess } from '@activity-log/shared/testing/access.ts'
import { answerOf, post } from '@activity-log/shared/testing/builders.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aLogWithKeys } from './a-log-with-keys.ts'

const hourMs = 3_600_000

describe('signing in to the viewer', () => {
  let now = Date.now()
  let log: Awaited<ReturnType<typeof openLog>>
  const openLog = () =>
    aLogWithKeys(
      {
        reader: { name: 'Support <desk>', tenant: 'shop', scopes: ['read'] },
        all: { tenant: 'shop', scopes: ['read', 'write', 'operate'] },
        writer: { tenant: 'shop', scopes: ['write'] },
        brief: { tenant: 'shop', scopes: ['read'], expires: new Date(now + hourMs).toISOString() },
        leaves: { tenant: 'shop', scopes: ['read'] },
        operator: { name: 'Olga', tenant: '*', scopes: ['read', 'operate'] },
      },
      { now: () => now },
    )
  beforeAll(async () => {
    log = await openLog()
  })
  afterAll(() => log.disposeAsync())
  const list = (headers: { [name: string]: string }) => fetch(`${log.origin}/logs`, { headers })

  test('a person pastes a key, and is led to the page they asked for', async () => {
    const asked = await log.open('/viewer/users?action=cart.*')
    expect(asked.status).toBe(303)
    const login = asked.headers.get('location') ?? ''
    expect(login).toBe('/login?to=%2Fviewer%2Fusers%3Faction%3Dcart.*')
    const page = await (await log.open(login)).text()
    expect(page).toContain('name="to" value="/viewer/users?action=cart.*"')
    const signedIn = await log.form('/login', { key: ` ${log.keys.reader}\n`, to: '/viewer/users?action=cart.*' })
    expect([signedIn.status, signedIn.headers.get('location')]).toEqual([303, '/viewer/users?action=cart.*'])
    const cookie = signedIn.headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(
      new RegExp(`^${sessionCookie}=[\\w.-]+; Max-Age=28800; Path=/; HttpOnly; Secure; SameSite=Lax$`),
    )
    expect(cookie).not.toContain(log.keys.reader.slice(16, 59))
    const shown = await log.open('/viewer/users', { cookie: `theme=dark; ${cookie.split(';')[0]}` })
    expect(shown.status).toBe(200)
    expect(await shown.text()).toContain('Signed in as <b><bdi>Support &lt;desk&gt;</bdi></b>')
  })

  test('programs get a 401 instead of the sign-in, whatever they accept', async () => {
    expect((await list({})).status).toBe(401)
    expect((await list({ accept: 'text/html' })).status).toBe(401)
    expect((await fetch(`${log.origin}/`)).status).toBe(401)
    const wrong = await log.open('/', { authorization: 'Bearer nothing' })
    expect(wrong.status).toBe(401)
  })

  test('unknown, wrong, revoked and misspelled keys get the same page', async () => {
    const { reader } = log.keys
    const { keys } = await aKeyOfAnotherLog()
    const answers = await Promise.all(
      ['', 'x', reader.slice(0, -1), `${reader}x`, keys.other, reader.toLowerCase()].map(async (key) => {
        const answer = await log.form('/login', { key })
        return [answer.status, answer.headers.get('set-cookie'), await answer.text()]
      }),
    )
    expect(answers[0]?.slice(0, 2)).toEqual([401, null])
    expect(new Set(answers.map((answer) => String(answer))).size).toBe(1)
  })

  test('a key that cannot read is told so', async () => {
    const answer = await log.form('/login', { key: log.keys.writer })
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([403, null])
  })

  test('nobody is led to another site, nor in a circle', async () => {
    for (const to of [
      'https://evil.example',
      '//evil.example',
      '/\\evil.example',
      '\\/evil.example',
      '/\t/evil.example',
      '/..//evil.example',
      '/./\\evil.example',
      'javascript:alert(1)',
      '',
      ' //evil.example',
      '/login?to=/login',
      '/logout',
    ]) {
      const answer = await log.form('/login', { key: log.keys.reader, to })
      expect([to, answer.headers.get('location')]).toEqual([to, '/'])
      const page = await (await log.open(`/login?${new URLSearchParams({ to })}`)).text()
      expect(page).toContain('name="to" value="/"')
    }
  })

  test('only a page of this very origin may sign in, sign out or act for a session', async () => {
    const { cookie } = await log.signIn(log.keys.all)
    for (const headers of [
      {},
      { 'sec-fetch-site': 'none' },
      { 'sec-fetch-site': 'same-site', origin: 'http://other.localhost' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site' },
      { origin: 'http://evil.example' },
      { origin: 'http://localhost:1' },
      { origin: 'null' },
      { 'sec-fetch-site': 'same-site', origin: log.origin },
    ] as { [name: string]: string }[]) {
      const answers = [
        await log.form('/login', { key: log.keys.all }, headers),
        await log.form('/logout', {}, { cookie, ...headers }),
        await fetch(`${log.origin}/dead-letters/none/replay`, { method: 'POST', headers: { cookie, ...headers } }),
        await fetch(`${log.origin}/dead-letters/none`, { method: 'DELETE', headers: { cookie, ...headers } }),
        await fetch(`${log.origin}/receipts`, { ...post({ receipts: [] }), headers: { cookie, ...headers } }),
      ]
      expect(
        answers.map(({ status }) => status),
        JSON.stringify(headers),
      ).toEqual(answers.map(() => 403))
      expect(answers.map((answer) => answer.headers.get('set-cookie'))).toEqual(answers.map(() => null))
    }
    for (const headers of [{ 'sec-fetch-site': 'same-origin' }, { origin: log.origin }] as {
      [name: string]: string
    }[]) {
      const replay = { method: 'POST', headers: { cookie, ...headers } }
      expect((await fetch(`${log.origin}/dead-letters/none/replay`, replay)).status).toBe(404)
      expect((await log.form('/login', { key: log.keys.all }, headers)).status).toBe(303)
    }
  })

  test('a session never writes', async () => {
    const { cookie } = await log.signIn(log.keys.all)
    for (const path of ['/logs', '/logs/batch']) {
      const sent = post([{ userId: 'ann', action: 'login' }])
      const answer = await fetch(log.origin + path, { ...sent, headers: { ...sent.headers, cookie, ...log.own } })
      expect([path, answer.status]).toEqual([path, 401])
    }
  })

  test('a session reads, as its key does', async () => {
    const { cookie } = await log.signIn(log.keys.reader)
    expect((await list({ cookie })).status).toBe(200)
    const head = await fetch(`${log.origin}/logs`, { method: 'HEAD', headers: { cookie } })
    expect(head.status).toBe(200)
    expect((await fetch(`${log.origin}/dead-letters`, { headers: { cookie } })).status).toBe(403)
    const live = await fetch(`${log.origin}/live`, { headers: { cookie } })
    expect(live.status).toBe(200)
    await live.body?.cancel()
  })

  test('a header with a key decides alone, whatever cookie comes with it', async () => {
    const { cookie } = await log.signIn(log.keys.reader)
    expect((await list({ cookie, authorization: 'Bearer als_wrong' })).status).toBe(401)
    expect((await list({ cookie, authorization: 'Basic YTpi' })).status).toBe(401)
    expect((await list({ cookie, authorization: '' })).status).toBe(401)
    expect((await list({ cookie, ...log.as(log.keys.writer) })).status).toBe(403)
    expect((await list({ cookie: `${sessionCookie}=broken`, ...log.as(log.keys.reader) })).status).toBe(200)
  })

  test('a session ends after eight hours, with its key, and when the clock is set back', async () => {
    const [reader, brief, leaves] = await Promise.all([
      log.signIn(log.keys.reader),
      log.signIn(log.keys.brief),
      log.signIn(log.keys.leaves),
    ])
    const statuses = async () =>
      Promise.all([reader, brief, leaves].map(async (session) => (await list(session)).status))
    expect(await statuses()).toEqual([200, 200, 200])
    const revoked = revokeKey(log.list, log.ids.leaves, new Date())
    if (!revoked) throw new Error('There is no such key')
    writeAccess(log.path, revoked)
    log.lookAgain()
    expect(await statuses()).toEqual([200, 200, 401])
    const began = now
    now = began + hourMs
    expect(await statuses()).toEqual([200, 401, 401])
    now = began + 8 * hourMs
    expect(await statuses()).toEqual([401, 401, 401])
    expect((await log.open('/', reader)).headers.get('location')).toBe('/login?to=%2F')
    now = began - hourMs
    expect(await statuses()).toEqual([401, 401, 401])
    now = began
    writeAccess(log.path, { ...log.list, keys: log.list.keys.filter(({ id }) => id !== log.ids.reader) })
    log.lookAgain()
    expect((await list(reader)).status).toBe(401)
    writeAccess(log.path, log.list)
    log.lookAgain()
    expect((await list(reader)).status).toBe(200)
  })

  test('signing out forgets the session', async () => {
    const { cookie } = await log.signIn(log.keys.reader)
    const answer = await log.form('/logout', {}, { cookie, ...log.own })
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/login'])
    expect(answer.headers.get('set-cookie')).toBe(
      `${sessionCookie}=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax`,
    )
  })

  test('a browser that would drop the session is told why', async () => {
    const signInFrom = async (origin: string) => {
      const headers = { host: 'log.example', origin, 'content-type': 'application/x-www-form-urlencoded' }
      const sending = request(`${log.origin}/login`, { method: 'POST', headers })
      sending.end(new URLSearchParams({ key: log.keys.reader }).toString())
      const [answer] = (await once(sending, 'response')) as [IncomingMessage]
      return { status: answer.statusCode, cookies: answer.headers['set-cookie'], text: await text(answer) }
    }
    const plain = await signInFrom('http://log.example')
    expect([plain.status, plain.cookies]).toEqual([400, undefined])
    expect(plain.text).toContain('https://')
    const behindTls = await signInFrom('https://log.example')
    expect([behindTls.status, behindTls.cookies?.length]).toEqual([303, 1])
  })

  test('the form takes forms alone, and not large ones', async () => {
    const { own, origin } = log
    const json = await fetch(`${origin}/login`, {
      method: 'POST',
      headers: { ...own, 'content-type': 'application/json' },
      body: '{}',
    })
    expect(json.status).toBe(415)
    expect((await log.form('/login', { key: 'x'.repeat(20_000) })).status).toBe(413)
  })

  test('an operator chooses a tenant, which every link then names', async () => {
    await fetch(`${log.origin}/logs`, {
      ...post({ id: 'a-1', userId: 'ann', action: 'login' }),
      headers: { 'content-type': 'application/json', ...log.as(log.keys.all) },
    })
    const session = await log.signIn(log.keys.operator)
    const asked = await log.open('/?action=login', session)
    const choose = asked.headers.get('location') ?? ''
    expect([asked.status, choose]).toEqual([303, '/viewer/tenants?to=%2F%3Faction%3Dlogin'])
    const tenants = await (await log.open(choose, session)).text()
    expect(tenants).toContain('Signed in as <b><bdi>Olga</bdi></b>')
    expect(tenants).toContain('<input type="hidden" name="action" value="login">')
    const page = await (await log.open('/?action=login&tenant=shop', session)).text()
    expect(page).toContain('of <bdi>shop</bdi>')
    expect(page).toContain('data-tenant="shop"')
    const links = [...page.matchAll(/ (?:href|data-copies)="(\/[^"]*)"/g)].map(([, link = '']) => link)
    const without = links.filter((link) => !/[?;]tenant=shop(?:&amp;|$)/.test(link))
    expect(links.length).toBeGreaterThan(20)
    expect(without.filter((link) => !/^\/(?:assets\/|viewer\/tenants$)/.test(link))).toEqual([])
    expect(links.filter((link) => (link.match(/tenant=/g) ?? []).length > 1)).toEqual([])
    const forms = [...page.matchAll(/<form\b[^>]* method="get"[^>]*>(.{60})/gs)].map(([, field]) => field)
    expect(forms.length).toBe(2)
    for (const field of forms) expect(field).toContain('<input type="hidden" name="tenant" value="shop">')
    // the address of each link works, and keeps the tenant
    for (const link of new Set(links)) {
      const { status } = await log.open(link.replaceAll('&amp;', '&'), session)
      expect([link, [200, 302].includes(status)]).toEqual([link, true])
    }
  })

  test('a reader chooses no tenant, and operators see what belongs to none', async () => {
    const reader = await log.signIn(log.keys.reader)
    expect((await log.open('/viewer/tenants', reader)).status).toBe(403)
    expect((await log.open('/?tenant=other', reader)).status).toBe(400)
    const operator = await log.signIn(log.keys.operator)
    expect((await log.open('/viewer/dead-letters?tenant=%24system', operator)).status).toBe(200)
  })

  test('pages offer what their reader may do', async () => {
    const reader = await (await log.open('/', await log.signIn(log.keys.reader))).text()
    expect(reader).not.toContain('/viewer/dead-letters')
    expect(reader).not.toContain('/viewer/ledger')
    expect(reader).toContain('of <bdi>shop</bdi>')
    expect(reader).not.toContain('/viewer/tenants')
    const operator = await log.signIn(log.keys.operator)
    expect(await (await log.open('/?tenant=shop', operator)).text()).toContain('/viewer/ledger?tenant=shop')
  })

  async function aKeyOfAnotherLog() {
    await using other = await aLogWithKeys({ other: {} })
    return { keys: other.keys }
  }
})

test('under a base path, people are led to its own sign-in and back', async () => {
  await using log = await aLogWithKeys({ reader: { scopes: ['read'] } }, { basePath: '/audit' })
  const asked = await log.open('/audit/?limit=2')
  expect(asked.headers.get('location')).toBe('/audit/login?to=%2Faudit%2F%3Flimit%3D2')
  const page = await (await log.open(asked.headers.get('location') ?? '')).text()
  expect(page).toContain('action="/audit/login"')
  expect(page).toContain('value="/audit/?limit=2"')
  const signedIn = await log.form('/login', { key: log.keys.reader, to: '/audit/?limit=2' })
  expect(signedIn.headers.get('location')).toBe('/audit/?limit=2')
  expect((await log.form('/login', { key: log.keys.reader, to: '/elsewhere' })).headers.get('location')).toBe('/audit/')
  const session = await log.signIn(log.keys.reader)
  const list = await log.open('/audit/', session)
  expect(list.status).toBe(200)
  expect(await list.text()).toContain('action="/audit/logout"')
  expect((await log.form('/logout', {}, { ...session, ...log.own })).headers.get('location')).toBe('/audit/login')
  expect((await answerOf(await fetch(`${log.origin}/audit/logs`, { headers: session }))).total).toBeDefined()
})

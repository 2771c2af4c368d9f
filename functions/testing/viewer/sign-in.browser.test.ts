import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { answerOf, until } from '@activity-log/shared/testing/builders.ts'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { aLogWithKeys } from '../access/a-log-with-keys.ts'
import { openBrowser, whyNoBrowser } from './chromium.ts'

if (whyNoBrowser) console.log(`The sign-in in a browser is skipped. ${whyNoBrowser}`)

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const hourMs = 3_600_000

describe.skipIf(whyNoBrowser)('signing in, in a browser', () => {
  let now = Date.now()
  let log: Awaited<ReturnType<typeof openLog>>
  let browser: Browser
  const open: AsyncDisposable[] = []
  const openLog = () =>
    aLogWithKeys(
      {
        reader: { name: 'Support desk', tenant: 'shop', scopes: ['read'] },
        desk: { name: 'Desk', tenant: 'shop', scopes: ['read', 'operate'] },
        operator: { name: 'Olga', tenant: '*', scopes: ['read', 'write', 'operate'] },
      },
      { now: () => now },
    )
  const send = async (tenant: string, id: string) => {
    const sent = await fetch(`${log.origin}/logs?tenant=${tenant}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...log.as(log.keys.operator) },
      body: JSON.stringify({ id, userId: 'ann', action: `${tenant}.sale`, metadata: { total: 12 } }),
    })
    expect(sent.status).toBe(202)
  }

  beforeAll(async () => {
    ;[log, browser] = await Promise.all([openLog(), openBrowser()])
    for (let n = 0; n < 60; n++) await send('shop', `shop-${n}`)
    await send('bakery', 'bakery-1')
  })
  afterAll(async () => {
    await browser?.close()
    await log?.disposeAsync()
  })
  afterEach(async () => {
    for (const context of open.splice(0)) await context[Symbol.asyncDispose]()
  })

  async function visit(path: string, options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext({ baseURL: log.origin, ...options })
    open.push(context)
    const page = await context.newPage()
    await page.goto(path)
    return page
  }
  async function signIn(page: Page, key: string) {
    await page.getByLabel('Key', { exact: true }).fill(key)
    await page.getByRole('button', { name: 'Sign in' }).click()
  }
  const rows = (page: Page) => page.locator('#activities > tbody[data-id]')

  test.each([
    ['with scripts', true],
    ['without scripts', false],
  ])('a reader signs in and out, %s', async (_, javaScriptEnabled) => {
    const page = await visit('/?action=shop.*', { javaScriptEnabled })
    expect(new URL(page.url()).pathname).toBe('/login')
    await signIn(page, log.keys.reader)
    await page.waitForURL(/\/\?action=/)
    await page.getByText('Signed in as Support desk').waitFor()
    await page.getByText('of shop').waitFor()
    expect(await rows(page).count()).toBe(50)
    expect(await page.getByRole('link', { name: /Dead letters|Ledger|tenant/ }).count()).toBe(0)
    await page.locator('[rel=next]').click()
    await page.waitForURL(/cursor=/)
    expect(await rows(page).count()).toBe(10)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.waitForURL(/\/login$/)
    await page.goto('/')
    expect(new URL(page.url()).pathname).toBe('/login')
  })

  test('who signs in next, for another tenant, does not see the lists that were saved before', async () => {
    const page = await visit('/?action=shop.sale')
    const saved = page.locator('#saved li a')
    await signIn(page, log.keys.reader)
    await page.locator('#saved > summary').click()
    await page.getByLabel('Name of this list').fill('Sales')
    await page.keyboard.press('Enter')
    expect(await saved.allTextContents()).toEqual(['Sales'])
    await page.getByRole('button', { name: 'Sign out' }).click()
    for (const [tenant, lists] of [
      ['bakery', []],
      ['shop', ['Sales']],
    ] as const) {
      await page.goto(`/?tenant=${tenant}`)
      if (new URL(page.url()).pathname === '/login') await signIn(page, log.keys.operator)
      await page.locator('#saved > summary').click()
      expect([tenant, await saved.allTextContents()]).toEqual([tenant, lists])
    }
  })

  test('a wrong key is told, and the right one then leads on', async () => {
    const page = await visit('/viewer/users')
    await signIn(page, `${log.keys.reader}x`)
    await page.getByRole('alert').waitFor()
    expect(await page.getByRole('alert').textContent()).toContain('not valid')
    await signIn(page, log.keys.reader)
    await page.waitForURL(/\/viewer\/users$/)
    expect(await page.locator('h1').textContent()).toContain('user')
  })

  test('the script cannot read the session, and no page of the log holds the key', async () => {
    const page = await visit('/')
    await signIn(page, log.keys.reader)
    await page.getByText('Signed in as').waitFor()
    expect(await page.evaluate<string>('document.cookie')).not.toContain('activity-log')
    expect(await page.content()).not.toContain(log.keys.reader.slice(16))
    const [cookie] = await page.context().cookies()
    expect(cookie).toMatchObject({
      name: '__Host-activity-log',
      httpOnly: true,
      secure: true,
      sameSite: 'Lax',
      path: '/',
    })
  })

  test('a session that has expired leads to the sign-in, and back to the page', async () => {
    const page = await visit('/')
    await signIn(page, log.keys.reader)
    await page.getByText('Signed in as').waitFor()
    const began = now
    now = began + 8 * hourMs
    await page.goto('/viewer/actions')
    expect(new URL(page.url()).pathname).toBe('/login')
    await signIn(page, log.keys.reader)
    await page.waitForURL(/\/viewer\/actions$/)
    now = began
  })

  test('the live list and the counts work with a session', async () => {
    const page = await visit('/')
    await signIn(page, log.keys.reader)
    await page.getByText('Signed in as').waitFor()
    await page.goto('/?live=1')
    await page.locator('#live-state[data-state=connected]').waitFor()
    await send('shop', 'live-1')
    await page.locator('tbody[data-id="live-1"]').waitFor()
  })

  test('a live list says that its session has ended', async () => {
    const page = await visit('/?live=1')
    await signIn(page, log.keys.reader)
    await page.locator('#live-state[data-state=connected]').waitFor()
    const began = now
    now = began + 8 * hourMs
    await page.locator('#live-state[data-state=ended]').waitFor()
    expect(await page.locator('#live-state').textContent()).toContain('You are signed out')
    now = began
  })

  test('an operator chooses a tenant, and stays with it', async () => {
    const page = await visit('/?live=1')
    await signIn(page, log.keys.operator)
    await page.waitForURL(/\/viewer\/tenants/)
    await page.getByLabel('Tenant').fill('bakery')
    await page.getByRole('button', { name: 'Show' }).click()
    await page.waitForURL(/tenant=bakery/)
    await page.getByText('of bakery').waitFor()
    await page.locator('#live-state[data-state=connected]').waitFor()
    await send('bakery', 'bakery-live')
    await send('shop', 'shop-live')
    await page.locator('tbody[data-id="bakery-live"]').waitFor()
    await page.locator('tbody[data-id="bakery-live"] a').first().click()
    await page.waitForURL(/tenant=bakery/)
    expect(await page.locator('tbody[data-id="shop-live"]').count()).toBe(0)
    await page.getByLabel('User', { exact: true }).first().fill('ann')
    await page.getByRole('button', { name: 'Find' }).click()
    await page.waitForURL((url) => url.search.includes('userId=ann') && url.search.includes('tenant=bakery'))
    expect(await rows(page).count()).toBeGreaterThan(0)
    await page.getByRole('link', { name: 'Ledger' }).click()
    await page.waitForURL(/\/viewer\/ledger\?tenant=bakery/)
    expect(await page.getByText(/Complete|Not complete/).count()).toBeGreaterThan(0)
    // the ledger is of all tenants, so it belongs to none of them
    await page.getByRole('link', { name: 'Tenants' }).click()
    await page.getByRole('link', { name: '$system' }).click()
    await page.waitForURL(/tenant=%24system/)
    await page.locator('tbody', { hasText: 'activity-log.sign-in' }).first().waitFor()
  })

  async function aConflict(tenant: string): Promise<string> {
    const headers = { 'content-type': 'application/json', ...log.as(log.keys.operator) }
    const id = `conflict-${letters++}`
    for (const action of ['login', 'logout']) {
      const body = JSON.stringify({ id, userId: 'ann', action })
      await fetch(`${log.origin}/logs?tenant=${tenant}`, { method: 'POST', headers, body })
    }
    let found: { id: string; activityId: string } | undefined
    await until(async () => {
      const { data } = await answerOf(await fetch(`${log.origin}/dead-letters?tenant=${tenant}`, { headers }))
      found = (data as unknown as { id: string; activityId: string }[]).find(({ activityId }) => activityId === id)
      return found !== undefined
    })
    return found?.id ?? ''
  }
  let letters = 0

  test.each([
    ['with scripts', true],
    ['without scripts', false],
  ])('an operator replays a dead letter, and discards it with a note, %s', async (_, javaScriptEnabled) => {
    const letter = await aConflict('shop')
    const path = `/viewer/dead-letters/${letter}?tenant=shop`
    const page = await visit(path, { javaScriptEnabled })
    await signIn(page, log.keys.operator)
    await page.getByText('of shop').waitFor()
    expect(await page.getByRole('button', { name: 'Replay it' }).isVisible()).toBe(false)
    await page.getByText('Replay …').click()
    await page.getByRole('button', { name: 'Replay it' }).click()
    await page.getByText('another activity has the same id').waitFor()
    expect(page.url()).toContain('tenant=shop')
    await page.getByText('Discard …').click()
    await page.getByRole('button', { name: 'Discard it' }).click()
    // the browser asks for the note first
    expect(page.url()).not.toContain('discarded')
    await page.getByLabel('Why is it not needed?').fill('sent twice')
    await page.getByRole('button', { name: 'Discard it' }).click()
    await page.getByText('Discarded: the record is kept').waitFor()
    await page.getByText('sent twice').waitFor()
    expect(await page.getByRole('button', { name: /it$/ }).count()).toBe(0)
  })

  test('who may operate for one tenant sees the buttons, too, and a reader does not', async () => {
    const letter = await aConflict('shop')
    for (const [key, sees] of [
      [log.keys.desk, true],
      [log.keys.reader, false],
    ] as const) {
      const page = await visit(`/viewer/dead-letters/${letter}`)
      await signIn(page, key)
      await page
        .getByText(sees ? 'Replay …' : 'The key does not allow this')
        .first()
        .waitFor()
      expect(await page.getByText('Discard …').count()).toBe(sees ? 1 : 0)
    }
  })

  const looks = {
    light: { colorScheme: 'light' },
    dark: { colorScheme: 'dark' },
    phone: { viewport: { width: 390, height: 844 } },
  } as const
  test.each(Object.entries(looks))('passes axe without serious findings: %s', async (_, options) => {
    const page = await visit('/login', { ...options, bypassCSP: true, reducedMotion: 'reduce' })
    expect(await findings(page)).toEqual([])
    await signIn(page, 'wrong')
    await page.getByRole('alert').waitFor()
    expect(await findings(page)).toEqual([])
    await signIn(page, log.keys.operator)
    await page.waitForURL(/\/viewer\/tenants/)
    expect(await findings(page)).toEqual([])
    await page.goto('/?tenant=shop')
    expect(await findings(page)).toEqual([])
    await page.goto(`/viewer/dead-letters/${await aConflict('shop')}?tenant=shop`)
    for (const part of await page.locator('.acts summary').all()) await part.click()
    expect(await findings(page)).toEqual([])
    await page.getByRole('button', { name: 'Replay it' }).click()
    await page.locator('.said').waitFor()
    expect(await findings(page)).toEqual([])
    if (options === looks.phone)
      expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390)
    await page.goto('/login')
    expect(await findings(page)).toEqual([])
    if (options === looks.phone)
      expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390)
  })

  async function findings(page: Page): Promise<string[]> {
    await page.evaluate(axe)
    return page.evaluate<string[]>(`axe.run().then(({ violations }) => violations
      .filter(({ impact }) => ['serious', 'critical'].includes(impact))
      .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => id + ': ' + html.slice(0, 200) + failureSummary)))`)
  }
})

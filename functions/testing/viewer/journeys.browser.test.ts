import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openBrowser, whyNoBrowser } from './chromium.ts'
import { openLogOf, realActivities } from './real-log.ts'

if (whyNoBrowser) console.log(`The journeys through the viewer are skipped. ${whyNoBrowser}`)

const dayMs = 86_400_000
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

describe.skipIf(whyNoBrowser)('the viewer in a browser', () => {
  const activities = realActivities()
  let log: Awaited<ReturnType<typeof openLogOf>>
  let browser: Browser
  const complaints: string[] = []
  const open: AsyncDisposable[] = []

  beforeAll(async () => {
    ;[log, browser] = await Promise.all([openLogOf(activities), openBrowser()])
  })
  afterAll(async () => {
    await browser?.close()
    await log?.disposeAsync()
  })
  afterEach(async () => {
    for (const context of open.splice(0)) await context[Symbol.asyncDispose]()
    expect(complaints.splice(0)).toEqual([])
  })

  /** Errors of the script and violations of the security policy fail the test. */
  async function visit(path: string, options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext({
      viewport: { width: 1300, height: 900 },
      baseURL: log.origin,
      ...options,
    })
    open.push(context)
    const page = await context.newPage()
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('dialog', (dialog) => complaints.push(`a dialog: ${dialog.message()}`))
    await page.goto(path)
    return page
  }
  const idsOn = (page: Page) =>
    page
      .locator('#activities > tbody[data-id]')
      .evaluateAll((bodies) => bodies.map((body) => body.getAttribute('data-id')))
  const newestFirst = (some: typeof activities) =>
    some.toSorted((a, b) => Date.parse(b.timestamp) - Date.parse(a.timestamp))

  const yesterday = () =>
    activities.filter(({ timestamp }) => Math.floor(Date.parse(timestamp) / dayMs) * dayMs === log.today - dayMs)

  test('finds what user X did yesterday', async () => {
    const { userId } = yesterday()[0]!
    const page = await visit('/')
    await page.getByLabel('User', { exact: true }).fill(userId)
    await page.getByRole('button', { name: 'Find' }).click()
    await page.getByRole('link', { name: 'Yesterday' }).click()
    await page.waitForURL(/from=/)
    const expected = yesterday().filter((each) => each.userId === userId)
    expect((await idsOn(page)).toSorted()).toEqual(expected.map(({ id }) => id).toSorted())
    expect(await page.locator('.chip').count()).toBe(3)
    await page.locator('.toggle > summary').first().click()
    await page.locator('.opened .details').first().waitFor({ state: 'visible' })
    // without that filter, everything of that day is listed
    await page.locator('.chip').first().click()
    await page.waitForURL((url) => !url.search.includes('userId'))
    expect((await idsOn(page)).length).toBe(Math.min(50, yesterday().length))
  })

  test('shows new activities live', async () => {
    const page = await visit('/?action=live.test')
    await page.getByText('Nothing matches').waitFor()
    await page.goto('/?action=live.test&live=1')
    await page.locator('#live-state[data-state=connected]').waitFor()
    const timestamp = new Date(log.today + 1000).toISOString()
    const nasty = '<img src=x onerror=alert(1)>\u202Etxt'
    await log.send([
      { id: 'live-other', userId: 'somebody', action: 'other', timestamp },
      { id: 'live-1', userId: nasty, action: 'live.test', timestamp, metadata: { [nasty]: [nasty, { deep: true }] } },
    ])
    await page.locator('tbody[data-id=live-1]').waitFor()
    expect(await idsOn(page)).toEqual(['live-1'])
    expect(await page.locator('tbody[data-id=live-1] .c-user bdi').textContent()).toBe(nasty.replace('\u202E', '⟦RLO⟧'))
    expect(await page.locator('#activities img').count()).toBe(0)
    await log.send([{ id: 'live-2', userId: 'u', action: 'live.test', timestamp }])
    await page.locator('tbody[data-id=live-2]').waitFor()
    expect(await idsOn(page)).toEqual(['live-2', 'live-1'])
    expect(await page.locator('#live-state').textContent()).toContain('2 new')
    await page.locator('tbody[data-id=live-1] summary').first().click()
    await page.locator('tbody[data-id=live-1] .tree').first().waitFor({ state: 'visible' })
    // another click ends the live updates
    await page.locator('#live').click()
    await page.waitForURL((url) => !url.search.includes('live=1'))
    expect(await page.locator('#live-state').isVisible()).toBe(false)
  })

  test('exports what is listed', async () => {
    const { userId } = activities.at(-1)!
    const expected = activities.filter((each) => each.userId === userId)
    const page = await visit(`/?userId=${userId}`)
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'NDJSON' }).click(),
    ])
    const lines = readFileSync(await download.path(), 'utf8')
      .trim()
      .split('\n')
    expect(lines.map((line) => JSON.parse(line).id).toSorted()).toEqual(expected.map(({ id }) => id).toSorted())
    const [csv] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'CSV' }).click()])
    expect(csv.suggestedFilename()).toMatch(/\.csv$/)
    expect(
      readFileSync(await csv.path(), 'utf8')
        .trim()
        .split('\r\n'),
    ).toHaveLength(expected.length + 1)
  })

  test('shares a view: another reader sees the same, whatever has arrived since', async () => {
    const { userId } = newestFirst(activities)[0]!
    const page = await visit(`/?userId=${userId}&columns=time,id`, {
      permissions: ['clipboard-read', 'clipboard-write'],
    })
    const seen = await idsOn(page)
    await page.locator('#share').click()
    await page.getByText('Copied').first().waitFor()
    const link = await page.evaluate<string>('navigator.clipboard.readText()')
    expect(link).toMatch(log.origin)
    const before = await log.total()
    await log.send([
      { id: 'after-sharing', userId, action: 'late', timestamp: new Date(log.today + 2000).toISOString() },
    ])
    await expect.poll(log.total).toBe(before + 1)
    const other = await visit(link)
    expect(await idsOn(other)).toEqual(seen)
    expect(await other.locator('thead th').allTextContents()).toEqual([
      'Details',
      expect.stringContaining('Time'),
      'Id',
    ])
    const mine = await visit(`/?userId=${userId}`)
    expect((await idsOn(mine))[0]).toBe('after-sharing')
  })

  test('can be used with the keyboard alone', async () => {
    const { userId } = newestFirst(activities)[0]!
    const page = await visit('/')
    const focused = () =>
      page.evaluate<string>('document.activeElement.closest("tbody")?.dataset.id ?? document.activeElement.name ?? ""')
    await page.keyboard.press('/')
    expect(await focused()).toBe('userId')
    await page.keyboard.type(userId)
    await page.keyboard.press('Enter')
    await page.waitForURL(/userId=/)
    const ids = await idsOn(page)
    for (const [key, at] of [
      ['j', 0],
      ['j', 1],
      ['j', 2],
      ['k', 1],
    ] as const) {
      await page.keyboard.press(key)
      expect(await focused()).toBe(ids[at])
    }
    const details = page.locator(`tbody[data-id="${ids[1]}"] .details`)
    await page.keyboard.press('Enter')
    expect(await details.isVisible()).toBe(true)
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Escape')
    expect(await details.isVisible()).toBe(false)
    expect(await focused()).toBe(ids[1])
    await page.keyboard.press('?')
    expect(await page.locator('#keys').isVisible()).toBe(true)
    await page.keyboard.press('Escape')
    expect(await page.locator('#keys').isVisible()).toBe(false)
    await page.goto('/')
    await page.keyboard.press('n')
    await page.waitForURL(/cursor=/)
    expect(await page.locator('.place').textContent()).toMatch(/^51–100/)
  })

  test('lets the reader choose a range on the histogram, with the keyboard and with a pointer', async ({ skip }) => {
    if ((await fetch(`${log.origin}/stats?by=day`)).status === 404) skip('this log does not count')
    const page = await visit('/')
    const from = page.getByRole('slider', { name: 'From' })
    await from.focus()
    for (let step = 0; step < 3; step++) await page.keyboard.press('ArrowRight')
    const label = await from.getAttribute('aria-valuetext')
    await page.keyboard.press('Enter')
    await page.waitForURL(/from=/)
    expect(await page.getByLabel('From', { exact: true }).first().inputValue()).toContain(label!.slice(0, 7))
    await page.goto('/')
    const plot = (await page.locator('.plot').boundingBox())!
    await page.mouse.move(plot.x + plot.width * 0.4, plot.y + 30)
    await page.mouse.down()
    await page.mouse.move(plot.x + plot.width * 0.6, plot.y + 30, { steps: 8 })
    await page.mouse.up()
    await page.waitForURL(/from=.*to=/)
    expect((await idsOn(page)).length).toBeGreaterThan(0)
  })

  test('finds, opens and pages without scripts', async () => {
    const { userId } = newestFirst(activities)[0]!
    const page = await visit('/', { javaScriptEnabled: false })
    await page.getByLabel('User', { exact: true }).fill(userId)
    await page.getByRole('button', { name: 'Find' }).click()
    await page.waitForURL(/userId=/)
    const count = await page.locator('#activities > tbody').count()
    expect(count).toBeGreaterThan(0)
    await page.locator('.toggle > summary').first().click()
    expect(await page.locator('.opened').first().isVisible()).toBe(true)
    await page.getByLabel(/Times in/).selectOption('UTC')
    await page.getByRole('button', { name: 'Apply' }).click()
    await page.waitForURL(/zone=UTC/)
    expect(await page.locator('#activities > tbody').count()).toBe(count)
    await page.goto('/')
    await page.locator('[rel=next]').click()
    await page.waitForURL(/cursor=/)
  })

  test('says that the browser is offline, what to do, and when it is over', async () => {
    const page = await visit('/')
    await page.context().setOffline(true)
    await page.locator('#offline').waitFor({ state: 'visible' })
    await page.context().setOffline(false)
    await page.locator('#offline').waitFor({ state: 'hidden' })
    // the browser reports the request that it was loading at that moment
    const others = complaints.splice(0).filter((text) => !text.includes('ERR_INTERNET_DISCONNECTED'))
    complaints.push(...others)
  })

  test('keeps the chosen theme, without a flash of the other one', async () => {
    const page = await visit('/', { colorScheme: 'light' })
    const theme = page.locator('#theme')
    await theme.click()
    await theme.click()
    expect(await theme.getAttribute('aria-label')).toBe('Theme: dark')
    const answer = await page.reload()
    expect(await answer?.text()).toContain('data-theme="dark"')
  })

  test('shows the same instants in the reader’s own time zone', async () => {
    const page = await visit('/', { timezoneId: 'Asia/Tokyo' })
    const first = page.locator('#activities time').first()
    const [instant, utc] = [await first.getAttribute('datetime'), await first.textContent()]
    await page.locator('#zone').selectOption('Asia/Tokyo')
    await page.waitForURL(/zone=Asia/)
    expect(await first.getAttribute('datetime')).toBe(instant)
    expect(await first.textContent()).not.toBe(utc)
  })

  const places = {
    list: '/',
    'nothing found': '/?userId=nobody',
    error: '/?limit=0',
    ledger: '/viewer/ledger',
    'dead letters': '/viewer/dead-letters',
    users: '/viewer/users',
    'a page that is none': '/viewer/none',
    'no activity': '/viewer/logs/none',
    search: '/?q=fix&action=!login',
  }
  const looks = {
    light: { colorScheme: 'light' },
    dark: { colorScheme: 'dark' },
    phone: { viewport: { width: 390, height: 844 } },
  } as const
  test.each(
    Object.entries(places).flatMap(([place, path]) =>
      Object.entries(looks).map(([look, options]) => [place, look, path, options] as const),
    ),
  )('passes axe without serious findings: %s, %s', async (_place, _look, path, options) => {
    const page = await visit(path, { ...options, bypassCSP: true, reducedMotion: 'reduce' })
    complaints.length = 0 // the browser reports the page that is a 400, too
    const toggle = page.locator('.toggle > summary').first()
    if (await toggle.count()) await toggle.click()
    await page.evaluate(axe)
    const found = await page.evaluate<string[]>(`axe.run().then(({ violations }) => violations
      .filter(({ impact }) => ['serious', 'critical'].includes(impact))
      .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => id + ': ' + html.slice(0, 200) + failureSummary)))`)
    expect(found).toEqual([])
  })

  test('fits on the screen of a phone', async () => {
    const page = await visit('/', { viewport: { width: 360, height: 740 } })
    await page.locator('.toggle > summary').first().click()
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
  })
})

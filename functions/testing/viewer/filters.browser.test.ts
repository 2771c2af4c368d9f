import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openBrowser, whyNoBrowser } from './chromium.ts'
import { openLogOf } from './real-log.ts'

if (whyNoBrowser) console.log(`The filters in the viewer are skipped. ${whyNoBrowser}`)

const begin = Date.parse('2024-01-15T10:00:00Z')
const activities = Array.from({ length: 60 }, (_, n) => ({
  id: `n-${n}`,
  userId: ['ann', 'bob', 'Zoë, 张伟'][n % 3] as string,
  action: ['login', 'cart.add', '!odd', 'order.delete'][n % 4] as string,
  timestamp: new Date(begin + n * 600_000).toISOString(),
  metadata: { order: n, note: n === 17 ? 'Customer asked' : '' },
}))

describe.skipIf(whyNoBrowser)('filters by click and by keyboard', () => {
  let log: Awaited<ReturnType<typeof openLogOf>>
  let browser: Browser

  beforeAll(async () => {
    ;[log, browser] = await Promise.all([openLogOf(activities as never), openBrowser()])
  })
  afterAll(async () => {
    await browser?.close()
    await log?.disposeAsync()
  })

  async function visit(path: string, look: (page: Page) => Promise<void>, javaScriptEnabled = true) {
    const viewport = { width: 1280, height: 900 }
    await using context = await browser.newContext({ viewport, baseURL: log.origin, javaScriptEnabled })
    const page = await context.newPage()
    await page.goto(path)
    await look(page)
  }
  const total = (page: Page) => page.locator('h1').textContent()
  const filters = (page: Page) => [...new URL(page.url()).searchParams].map(([name, value]) => `${name}=${value}`)
  const chips = (page: Page) =>
    page.locator('.chip').evaluateAll((all) => all.map((chip) => chip.textContent?.replace(/×.*/s, '')))
  /** Presses Enter on a link that the keyboard reaches. */
  const press = async (page: Page, name: string) => {
    const link = page.getByRole('link', { name, exact: true }).first()
    await link.focus()
    expect(await link.evaluate((each: { tabIndex: number }) => each.tabIndex)).toBe(0)
    await page.keyboard.press('Enter')
  }

  test('several users, one after the other, from the facet and from the form', async () => {
    await visit('/', async (page) => {
      await page.locator('.facet a', { hasText: 'ann' }).first().click()
      await page.waitForURL(/userId=ann/)
      await press(page, 'also user Zoë, 张伟')
      await page.waitForURL(/userId=ann&userId=/)
      expect(filters(page)).toEqual(['userId=ann', 'userId=Zoë, 张伟'])
      expect([await total(page), await chips(page)]).toEqual(['40 activities', ['user ann', 'or user Zoë, 张伟']])
      await page.getByLabel('or user').last().fill('bob')
      await page.keyboard.press('Enter')
      await page.waitForURL(/userId=bob/)
      expect(await total(page)).toBe('60 activities')
      await page.locator('.chip').first().click()
      await page.waitForURL((url) => !url.search.includes('ann'))
      expect(filters(page)).toEqual(['userId=Zoë, 张伟', 'userId=bob'])
    })
  })

  test('an action is left out from its row and from the facet, and comes back', async () => {
    await visit('/', async (page) => {
      await page.locator('tbody[data-id=n-58]').hover()
      await page.locator('tbody[data-id=n-58] .not').click()
      await page.waitForURL(/action=/)
      expect([await total(page), await chips(page)]).toEqual(['45 activities', ['not action \\!odd']])
      await press(page, 'not action login')
      await page.waitForURL(/login/)
      expect(await total(page)).toBe('30 activities')
      await page.keyboard.press('j')
      await page.keyboard.press('Enter')
      await press(page, 'not this action')
      await page.waitForURL((url) => (url.searchParams.get('action')?.split(',').length ?? 0) === 3)
      expect(await total(page)).toBe('15 activities')
      await page.locator('.chip').first().click()
      await page.waitForURL((url) => (url.searchParams.get('action')?.split(',').length ?? 0) === 2)
      expect(await total(page)).toBe('30 activities')
    })
  })

  test.each([true, false])('text is found in names and metadata, with scripts: %s', async (scripts) => {
    await visit(
      '/',
      async (page) => {
        await page.getByLabel('Text').fill('CUSTOMER')
        await page.keyboard.press('Enter')
        await page.waitForURL(/q=CUSTOMER/)
        expect([await total(page), await chips(page)]).toEqual(['1 activity', ['text CUSTOMER']])
        await page.locator('.toggle > summary').click()
        await page.getByRole('link', { name: 'only this order: 17' }).click()
        await page.waitForURL(/metadata.order=17/)
        expect(await total(page)).toBe('1 activity')
      },
      scripts,
    )
  })

  test('an empty text in metadata can be asked for, and stays when the form is sent', async () => {
    await visit('/?userId=ann&metadata.note=', async (page) => {
      expect([await total(page), await chips(page)]).toEqual(['20 activities', ['user ann', 'note ""']])
      await page.getByLabel('Text').fill('login')
      await page.keyboard.press('Enter')
      await page.waitForURL(/q=login/)
      expect(filters(page)).toContain('metadata.note=')
      expect(await total(page)).toBe('5 activities')
    })
  })

  test('a filter by metadata alone shows the last 30 days instead of an error', async () => {
    await visit('/', async (page) => {
      await page.getByLabel('Metadata').fill('order=17')
      await page.keyboard.press('Enter')
      await page.waitForURL(/from=.*to=/)
      expect([await total(page), (await chips(page)).length]).toEqual(['1 activity', 3])
    })
  })

  test('a facet leads to all its names, which can be searched', async () => {
    await visit('/?action=login,!cart.add', async (page) => {
      await page.getByRole('link', { name: 'All users' }).click()
      await page.waitForURL(/viewer\/users/)
      expect(await page.locator('.all-names .name').allTextContents()).toEqual(['Zoë, 张伟', 'ann', 'bob'])
      expect([await total(page), await chips(page)]).toEqual(['3 users', ['action login', 'not action cart.add']])
      await page.getByLabel('Begins with').fill('Zo')
      await page.keyboard.press('Enter')
      await page.waitForURL(/prefix=Zo/)
      expect(await page.locator('.all-names .name').allTextContents()).toEqual(['Zoë, 张伟'])
      await page.locator('.all-names a').first().click()
      await page.waitForURL((url) => url.pathname === '/')
      expect([await total(page), filters(page)]).toEqual([
        '5 activities',
        ['action=login,!cart.add', 'userId=Zoë, 张伟'],
      ])
    })
  })

  test('the curl command, the exports and a saved list have the same filters', async () => {
    await visit('/?userId=ann&userId=bob&action=!login&q=order', async (page) => {
      const targets = await page
        .locator('.exports [data-copies], .exports a[download]')
        .evaluateAll((all) => all.map((each) => each.getAttribute('data-copies') ?? each.getAttribute('href') ?? ''))
      for (const target of targets) {
        const asked = new URL(target, log.origin).searchParams
        expect([asked.getAll('userId'), asked.get('action'), asked.get('q')]).toEqual([
          ['ann', 'bob'],
          '!login',
          'order',
        ])
      }
      expect(targets).toHaveLength(3)
      await page.locator('#saved > summary').click()
      await page.getByLabel('Name of this list').fill('mine')
      await page.keyboard.press('Enter')
      const saved = await page.getByRole('link', { name: 'mine' }).getAttribute('href')
      expect(new URL(saved ?? '', log.origin).searchParams.getAll('userId')).toEqual(['ann', 'bob'])
    })
  })

  test('a live list follows the same filters', async () => {
    await visit('/?userId=ann&userId=new&action=!login&q=yes&live=1', async (page) => {
      await page.locator('#live-state[data-state=connected]').waitFor()
      const timestamp = '2024-01-16T11:00:00Z'
      await log.send([
        { id: 'l-0', userId: 'bob', action: 'yes', timestamp },
        { id: 'l-1', userId: 'new', action: 'login', timestamp, metadata: { yes: 1 } },
        { id: 'l-2', userId: 'new', action: 'other', timestamp },
        { id: 'l-3', userId: 'new', action: 'other', timestamp, metadata: { a: 'YES' } },
      ])
      await page.locator('tbody[data-id=l-3]').waitFor()
      expect(await page.locator('#activities > tbody').count()).toBe(1)
    })
  })
})

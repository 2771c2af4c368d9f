import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { answerOf, until } from '@activity-log/shared/testing/builders.ts'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openBrowser, whyNoBrowser } from './chromium.ts'
import { openLogOf } from './real-log.ts'

if (whyNoBrowser) console.log(`The pages with hostile names are skipped. ${whyNoBrowser}`)

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const begin = Date.parse('2024-01-15T10:00:00Z')
const word = (letter: string) => letter.repeat(256)

const usual = Array.from({ length: 60 }, (_, n) => ({
  id: `n-${n}`,
  userId: `user_${n % 7}`,
  action: n % 3 ? 'cart.add' : 'login',
  timestamp: new Date(begin + n * 600_000).toISOString(),
  metadata: { button: 'buy', n },
}))
const hostile = [
  {
    id: 'i'.repeat(128),
    userId: word('w'),
    action: word('a'),
    timestamp: '2024-01-16T09:00:00.123Z',
    metadata: { [word('m')]: word('v'), [word('k')]: { [word('q')]: 1 } },
  },
  { id: 'leap', userId: 'leapuser', action: 'a', timestamp: '2016-12-31T23:59:60Z' },
  { id: 'old', userId: 'olduser', action: 'a', timestamp: '1970-01-01T00:00:00Z' },
  { id: 'rtl', userId: 'محمد علي', action: 'דוגמה mixed עברית', timestamp: '2024-01-16T10:00:00Z' },
]

const at = (parameters: { [name: string]: string }) => `/?${new URLSearchParams(parameters)}`
const pages = {
  list: '/',
  'a long user': at({ userId: word('w') }),
  'a long column': at({ userId: word('w'), columns: `time,action,metadata.${word('m')}` }),
  'nothing found': at({ userId: word('z'), action: word('y'), [`metadata.${word('p')}`]: word('o') }),
  error: at({ userId: 'z'.repeat(300), [word('e')]: '1' }),
  live: at({ live: '1' }),
  activity: `/viewer/logs/${'i'.repeat(128)}`,
  'no activity': `/viewer/logs/${'j'.repeat(128)}`,
  'a leap second': '/viewer/logs/leap',
  'dead letters': '/viewer/dead-letters',
  'a dead letter': '/viewer/dead-letters/',
  ledger: '/viewer/ledger',
  docs: '/docs',
  'all users': '/viewer/users',
  'all actions of a long user': `/viewer/actions${at({ userId: word('w'), prefix: 'a' }).slice(1)}`,
  'a page that is none': `/${'n'.repeat(300)}`,
}

describe.skipIf(whyNoBrowser)('pages with hostile names', () => {
  let log: Awaited<ReturnType<typeof openLogOf>>
  let browser: Browser
  let letter = ''

  beforeAll(async () => {
    ;[log, browser] = await Promise.all([openLogOf([...usual, ...hostile] as never), openBrowser()])
    await log.send([{ id: 'n-1', userId: word('w'), action: 'conflict-'.repeat(20) }])
    await until(async () => {
      letter = (await answerOf(await fetch(`${log.origin}/dead-letters`))).data[0]?.id ?? ''
      return letter !== ''
    })
  })
  afterAll(async () => {
    await browser?.close()
    await log?.disposeAsync()
  })

  async function visit<Result>(path: string, width: number, look: (page: Page) => Promise<Result>): Promise<Result> {
    const viewport = { width, height: 800 }
    await using context = await browser.newContext({ viewport, reducedMotion: 'reduce', bypassCSP: true })
    const page = await context.newPage()
    await page.goto(log.origin + (path.endsWith('-letters/') ? path + letter : path))
    return await look(page)
  }
  const openFirst = async (page: Page) => {
    const toggle = page.locator('.toggle > summary').first()
    if (await toggle.count()) await toggle.click()
  }
  const widths = [320, 390, 1280]

  test.each(
    Object.entries(pages),
  )('%s: no word widens it, and it has one heading and a description', async (_, path) => {
    for (const width of widths) {
      const found = await visit(path, width, async (page) => {
        const scrolled = 'document.documentElement.scrollWidth'
        const closed = await page.evaluate<number>(scrolled)
        if (!path.startsWith('/docs')) await openFirst(page)
        return [Math.max(closed, await page.evaluate<number>(scrolled)), await page.locator('h1').count()]
      })
      expect([width, ...found]).toEqual([width, width, 1])
    }
    expect(await visit(path, 390, (page) => page.locator('meta[name=description]').count())).toBe(1)
  })

  test.each([
    'list',
    'activity',
    'nothing found',
    'dead letters',
    'ledger',
    'a dead letter',
    'all users',
    'a page that is none',
    'no activity',
    'error',
  ] as const)('%s: every target is large enough', async (name) => {
    for (const width of [320, 1280]) {
      const small = await visit(pages[name] as string, width, async (page) => {
        await openFirst(page)
        await page.evaluate(axe)
        return page.evaluate<
          string[]
        >(`axe.run({ runOnly: ['target-size', 'page-has-heading-one'] }).then(({ violations }) =>
          violations.flatMap(({ nodes }) => nodes.map(({ html }) => html.slice(0, 160))))`)
      })
      expect([width, small]).toEqual([width, []])
    }
  })

  test('at 320 px an action can be read beside a time with milliseconds', async () => {
    const shown = await visit('/?action=cart.*', 320, async (page) => {
      const action = page.locator('.c-action a').first()
      return await action.evaluate(
        (element: { scrollWidth: number; clientWidth: number }) => element.scrollWidth - element.clientWidth,
      )
    })
    expect(shown).toBeLessThanOrEqual(0)
  })

  test('one activity of 1970 is named beside the histogram instead of squashing it', async () => {
    const [bars, outside] = await visit('/', 1280, async (page) => [
      await page.locator('.plot a').count(),
      await page.locator('.outside').textContent(),
    ])
    expect(bars).toBeGreaterThan(10)
    expect(outside).toBe('2 activities before this range')
  })

  test('a live list waits while it is paused or read, and says how much waits', async () => {
    await visit('/?live=1&limit=60', 1280, async (page) => {
      const send = (id: string) => log.send([{ id, userId: 'live', action: 'x', timestamp: '2024-01-16T11:00:00Z' }])
      const row = (id: string) => page.locator(`tbody[data-id=${id}]`)
      const more = page.locator('#live-new')
      await page.locator('#live-state[data-state=connected]').waitFor()
      await page.locator('#live-pause').click()
      await send('while-paused')
      await more.waitFor({ state: 'visible' })
      expect([await row('while-paused').count(), await more.textContent()]).toEqual([0, '1 new: show'])
      await page.locator('#live-pause').click()
      await row('while-paused').waitFor()
      await page.evaluate('scrollTo(0, document.body.scrollHeight)')
      await send('while-reading')
      await more.waitFor({ state: 'visible' })
      expect(await row('while-reading').count()).toBe(0)
      await more.click()
      await row('while-reading').waitFor()
      await send('leap-live')
      await row('leap-live').waitFor()
    })
  })

  test('a dead letter can be copied, and shown as JSON', async () => {
    await visit('/viewer/dead-letters/', 1280, async (page) => {
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
      const clipboard = () => page.evaluate<string>('navigator.clipboard.readText()')
      await page.getByRole('button', { name: 'Copy link' }).click()
      await expect.poll(clipboard).toBe(`${log.origin}/viewer/dead-letters/${letter}`)
      await page.getByRole('button', { name: 'Copy JSON' }).click()
      await expect.poll(clipboard).toContain(`"id": "${letter}"`)
      await page.getByRole('button', { name: 'Copy curl' }).click()
      await expect.poll(clipboard).toBe(`curl '${log.origin}/dead-letters/${letter}'`)
      await page.getByRole('link', { name: 'JSON' }).click()
      await page.waitForURL(`${log.origin}/dead-letters/${letter}`)
    })
  })

  test('a list is saved under a name, opened again and forgotten', async () => {
    await visit('/?userId=user_1&columns=time,action&page=1', 1280, async (page) => {
      await page.locator('#saved > summary').click()
      await page.getByLabel('Name of this list').fill('Mine <b>')
      await page.keyboard.press('Enter')
      await page.goto(`${log.origin}/`)
      await page.locator('#saved > summary').click()
      await page.getByRole('link', { name: 'Mine <b>' }).click()
      await page.waitForURL(/userId=user_1&columns=time%2Caction$/)
      await page.locator('#saved > summary').click()
      await page.getByRole('button', { name: 'Forget Mine <b>' }).click()
      expect(await page.locator('#saved li a').count()).toBe(0)
    })
  })
})

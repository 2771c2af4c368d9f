import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { activitiesOf } from '@activity-log/cli/demo-activities.ts'
import { assertLogAnswers } from '@activity-log/cli/running-log.ts'
import { StartError } from '@activity-log/shared/config.ts'
import { run } from '@activity-log/shared/http/run.ts'
import type { Browser } from 'playwright-core'
import { aLogWithKeys } from '../access/a-log-with-keys.ts'
import { openBrowser, whyNoBrowser } from './chromium.ts'

/**
 * npm run system -- screenshots [--url http://localhost:3000]: takes pictures of the viewer over a running log with the
 * demo activities.
 */
const folder = join(import.meta.dirname, '../../query/viewer/screenshots')

const desktop = { width: 1360, height: 850 }
const shots = {
  light: { path: '/', colorScheme: 'light', viewport: desktop, open: true },
  dark: { path: '/', colorScheme: 'dark', viewport: desktop, open: true },
  phone: { path: '/', colorScheme: 'light', viewport: { width: 390, height: 844 }, open: false },
} as const

async function main() {
  const { values } = parseArgs({
    options: {
      url: { type: 'string', default: 'http://localhost:3000' },
      path: { type: 'string' },
      folder: { type: 'string', default: folder },
    },
  })
  if (whyNoBrowser) throw new StartError(whyNoBrowser)
  await assertLogAnswers(values.url)
  mkdirSync(values.folder, { recursive: true })
  await using browser = await openBrowser()
  for (const [name, shot] of Object.entries(shots)) {
    const file = join(values.folder, `${name}.png`)
    await take(browser, { ...shot, url: values.url + (values.path ?? shot.path), file })
    console.log(file)
  }
  await takeSignedIn(browser, (name) => join(values.folder, `${name}.png`))
}

/** What people see of a log with keys, which this process opens and fills. */
async function takeSignedIn(browser: Browser, fileOf: (name: string) => string) {
  await using log = await aLogWithKeys({
    reader: { name: 'Support desk', tenant: 'Corner shop', scopes: ['read'] },
    operator: { name: 'Olga Operator', tenant: '*', scopes: ['read', 'write', 'operate'] },
  })
  const today = Math.floor(Date.now() / 86_400_000)
  const activities = [today - 2, today - 1].flatMap((day) => activitiesOf(day))
  const sent = await fetch(`${log.origin}/logs?tenant=Corner+shop`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson', ...log.as(log.keys.operator) },
    body: activities
      .slice(0, 1000)
      .map((activity) => JSON.stringify(activity))
      .join('\n'),
  })
  if (!sent.ok) throw new Error(await sent.text())
  const looks = { colorScheme: 'light', viewport: desktop, reducedMotion: 'reduce' } as const
  for (const [name, path] of [
    ['reader', '/'],
    ['operator', '/?tenant=Corner+shop'],
  ] as const) {
    await using context = await browser.newContext({ ...looks, baseURL: log.origin })
    const page = await context.newPage()
    await page.goto(path)
    if (name === 'reader') await page.screenshot({ path: fileOf('sign-in') })
    await page.getByLabel('Key', { exact: true }).fill(log.keys[name])
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.locator('.histogram').waitFor()
    await page.screenshot({ path: fileOf(name) })
    if (name === 'reader') continue
    await page.getByRole('link', { name: 'Other tenant' }).click()
    await page.getByRole('link', { name: 'Corner shop' }).or(page.getByText('Choose a tenant')).first().waitFor()
    await page.screenshot({ path: fileOf('tenants') })
    console.log(fileOf('tenants'))
  }
}

type Shot = (typeof shots)[keyof typeof shots] & { url: string; file: string }

async function take(browser: Browser, { url, file, open, colorScheme, viewport }: Shot) {
  await using context = await browser.newContext({ colorScheme, viewport, reducedMotion: 'reduce' })
  const page = await context.newPage()
  await page.goto(url, { waitUntil: 'networkidle' })
  if (open)
    await page
      .locator('.toggle > summary')
      .nth(2)
      .click()
      .catch(() => undefined)
  await page.screenshot({ path: file })
}

run(main)

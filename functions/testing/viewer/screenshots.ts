import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { assertLogAnswers } from '@activity-log/cli/running-log.ts'
import { StartError } from '@activity-log/shared/config.ts'
import { run } from '@activity-log/shared/http/run.ts'
import type { Browser } from 'playwright-core'
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

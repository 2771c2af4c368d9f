import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

/** Debian's path, or the path in CHROMIUM. */
export const browserPath = process.env['CHROMIUM'] ?? '/usr/bin/chromium'

export const whyNoBrowser = existsSync(browserPath)
  ? undefined
  : `There is no browser at ${browserPath}: install one (apt-get install chromium), or name it with CHROMIUM.`

export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: browserPath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  })
}

import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

/** Debian's path, or the path in CHROMIUM. */
const path = process.env['CHROMIUM'] ?? '/usr/bin/chromium'

export const whyNoBrowser = existsSync(path)
  ? undefined
  : `There is no browser at ${path}: install one (apt-get install chromium), or name it with CHROMIUM.`

export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: path, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] })
}

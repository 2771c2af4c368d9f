import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

/** Debian's path, or the path in CHROMIUM. */
export const browserPath = process.env['CHROMIUM'] ?? '/usr/bin/chromium'

export const whyNoBrowser = existsSync(browserPath)
  ? undefined
  : `There is no browser at ${browserPath}: install one (apt-get install chromium), or name it with CHROMIUM.`

/** Requests for the host `log.test` lead to this machine, but browsers do not trust it as they trust localhost. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: browserPath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--host-resolver-rules=MAP log.test 127.0.0.1'],
  })
}

import { openEmbedded } from '@activity-log/local/embedded-log.ts'
import { listen } from '@activity-log/shared/http/serve.ts'
import { post, silent } from '@activity-log/shared/testing/builders.ts'
import { aFolder } from '@activity-log/shared/testing/processes.ts'
import { expect, test } from 'vitest'
import { openBrowser, whyNoBrowser } from './chromium.ts'

if (whyNoBrowser) console.log(`The live list over a restart is skipped. ${whyNoBrowser}`)

const basePath = '/audit'

async function openLog(folder: string, port: number) {
  const opened = new AsyncDisposableStack()
  const stop = new AbortController()
  const embedded = opened.use(await openEmbedded({ folder, log: silent, stopping: stop.signal, basePath }))
  const server = opened.use(await listen({ fetch: embedded.fetch, front: embedded.front, port, log: silent }))
  // ends the live streams before the server waits for requests in flight
  opened.defer(() => stop.abort())
  return Object.assign(opened, { port: server.port })
}

test.skipIf(whyNoBrowser)('a live list under a path reconnects by itself, and misses nothing', async () => {
  const folder = aFolder()
  await using browser = await openBrowser()
  await using context = await browser.newContext()
  const page = await context.newPage()
  const first = await openLog(folder, 0)
  const origin = `http://localhost:${first.port}`
  await page.goto(`${origin}${basePath}/?live=1`)
  const state = page.locator('#live-state')
  await page.locator('#live-state[data-state=connected]').waitFor()
  await first.disposeAsync()
  await page.locator('#live-state[data-state=reconnecting]').waitFor()
  expect(await state.textContent()).toMatch(/Reconnecting|trying again/)
  await using _second = await openLog(folder, first.port)
  await fetch(`${origin}${basePath}/logs`, post({ id: 'meanwhile', userId: 'ann', action: 'login' }))
  await page.locator('tbody[data-id=meanwhile]').waitFor()
  expect(await state.getAttribute('data-state')).toBe('connected')
  const links = await page
    .locator('tbody[data-id=meanwhile] a')
    .evaluateAll((all) => all.map((a) => a.getAttribute('href')))
  expect(links.filter((link) => !link?.startsWith('/audit/'))).toEqual([])
  await page.locator('tbody[data-id=meanwhile] .toggle > summary').click()
  await page.getByRole('link', { name: 'Open with context' }).click()
  await page.waitForURL(`${origin}/audit/viewer/logs/meanwhile`)
})

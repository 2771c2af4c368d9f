import { answerOf, until } from '@activity-log/shared/testing/builders.ts'
import { expect, test } from 'vitest'
import { openBrowser, whyNoBrowser } from './chromium.ts'
import { openLogOf } from './real-log.ts'

if (whyNoBrowser) console.log(`The viewer over plain HTTP is skipped. ${whyNoBrowser}`)

test.skipIf(whyNoBrowser)(
  'a dead letter is discarded over plain HTTP, at a host that the browser does not trust',
  async () => {
    const one = { id: 'one', userId: 'ann', action: 'login', timestamp: '2024-01-15T10:00:00Z' }
    await using log = await openLogOf([one] as never, ['log.test'])
    await log.send([{ ...one, action: 'logout' }])
    let letter = ''
    await until(async () => {
      letter = (await answerOf(await fetch(`${log.origin}/dead-letters`))).data[0]?.id ?? ''
      return letter !== ''
    })
    await using browser = await openBrowser()
    const page = await browser.newPage()
    await page.goto(`${log.origin.replace('localhost', 'log.test')}/viewer/dead-letters/${letter}`)
    await page.getByText('Discard …').click()
    await page.getByLabel('Why is it not needed?').fill('a test')
    await page.getByRole('button', { name: 'Discard it' }).click()
    await page.waitForLoadState()
    expect(await page.locator('body').innerText()).toContain('Discarded: the record is kept')
  },
)

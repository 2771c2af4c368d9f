import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { assertLogAnswers } from '@activity-log/cli/running-log.ts'
import { StartError } from '@activity-log/shared/config.ts'
import { run } from '@activity-log/shared/http/run.ts'
import { aFolder, startCommand } from '@activity-log/shared/testing/processes.ts'
import { browserPath, whyNoBrowser } from './chromium.ts'

/**
 * npm run system -- lighthouse [--url http://localhost:3000] [--reports FOLDER]: asks Lighthouse about each page of a
 * running log. Its accessibility must be at least 95 of 100; its performance is only printed.
 *
 * Lighthouse and its 110 packages are not dependencies of anything here, so npx fetches them when this runs.
 */
const lighthouse = 'lighthouse@13.5.0'
const minAccessibility = 95

type Report = {
  categories: { [name: string]: { score: number | null; auditRefs: { id: string; weight: number }[] } }
  audits: { [id: string]: { title: string; score: number | null } }
}

async function main() {
  const { values } = parseArgs({
    options: { url: { type: 'string', default: 'http://localhost:3000' }, reports: { type: 'string' } },
  })
  if (whyNoBrowser) throw new StartError(whyNoBrowser)
  await assertLogAnswers(values.url)
  const folder = values.reports ?? aFolder()
  mkdirSync(folder, { recursive: true })
  let failed = 0
  for (const path of await pagesOf(values.url)) {
    const report = await ask(values.url + path, join(folder, `${path.replace(/\W+/g, '-')}.json`))
    const scores = Object.entries(report.categories).map(
      ([name, { score }]) => `${name} ${Math.round(100 * (score ?? 0))}`,
    )
    console.log(`${path}: ${scores.join(', ')}`)
    for (const text of faultsOf(report)) console.log(`  ${text}`)
    if (100 * (report.categories['accessibility']?.score ?? 0) < minAccessibility) failed++
  }
  if (failed > 0) throw new StartError(`The accessibility of ${failed} pages is below ${minAccessibility}.`)
}

/** The pages of a log, with the first activity and the first dead letter that it has. */
async function pagesOf(url: string): Promise<string[]> {
  const first = async (path: string, page: string) => {
    const { data } = (await (await fetch(`${url}${path}?limit=1`)).json()) as { data: { id: string }[] }
    return data.map(({ id }) => `${page}/${encodeURIComponent(id)}`)
  }
  return [
    '/',
    '/?userId=nobody',
    '/?q=a&action=!login',
    '/viewer/users',
    '/viewer/actions',
    ...(await first('/logs', '/viewer/logs')),
    '/viewer/dead-letters',
    ...(await first('/dead-letters', '/viewer/dead-letters')),
    '/viewer/ledger',
    '/docs',
  ]
}

async function ask(url: string, file: string): Promise<Report> {
  const categories = '--only-categories=accessibility,best-practices,performance'
  const flags = '--chrome-flags=--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage'
  const options = [url, categories, flags, '--output=json', `--output-path=${file}`, '--quiet']
  const program = startCommand('npx', ['--yes', lighthouse, ...options], { CHROME_PATH: browserPath })
  const code = await program.ended
  if (code !== 0 || !existsSync(file)) throw new StartError(`Lighthouse ended with ${code}:\n${program.output()}`)
  return JSON.parse(readFileSync(file, 'utf8'))
}

/** The audits of accessibility and best practices that a page does not pass. */
const faultsOf = ({ categories, audits }: Report): string[] =>
  ['accessibility', 'best-practices'].flatMap((name) =>
    (categories[name]?.auditRefs ?? []).flatMap(({ id, weight }) => {
      const { score = null, title = '' } = audits[id] ?? {}
      return weight > 0 && score !== null && score < 1 ? [`${id}: ${title}`] : []
    }),
  )

run(main)

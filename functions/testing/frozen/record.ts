import { aFolder } from '@activity-log/shared/testing/processes.ts'
import { exchangeAll } from './exchange.ts'
import { writeFixture } from './fixtures.ts'
import { requests } from './requests.ts'
import { openSystem } from './state.ts'
import { ways } from './ways.ts'

/** Run by hand, and only on the commit whose answers are to be kept: node functions/testing/frozen/record.ts */
async function main() {
  const lines: object[] = []
  for (const [name, open] of Object.entries(ways)) {
    await using system = openSystem(aFolder())
    await using way = await open(system.apps)
    const startedAt = performance.now()
    const exchanges = await exchangeAll(requests, { system, way })
    console.log(`${name}: ${exchanges.length} requests in ${Math.round(performance.now() - startedAt)} ms`)
    lines.push(...exchanges.map((exchange) => ({ way: name, ...exchange })))
  }
  writeFixture('answers', lines)
}

await main()

import { join } from 'node:path'
import { createApp } from '@activity-log/query/app.ts'
import { encodeSnapshot } from '@activity-log/shared/snapshot.ts'
import { openSqliteStore } from '@activity-log/shared/store/sqlite.ts'
import { differencesIn } from '@activity-log/shared/store/sqlite-check.ts'
import { answerOf, silent } from '@activity-log/shared/testing/builders.ts'
import { aFolder } from '@activity-log/shared/testing/processes.ts'
import { expect, test } from 'vitest'
import { fillFolder, makeUp } from './made-up-log.ts'
import { requestsOf } from './scale-requests.ts'
import { tableOf } from './scale-table.ts'

const size = 6000

test('every request of the table is answered as the log was made, and the counters agree', {
  timeout: 120_000,
}, async () => {
  const log = makeUp(size)
  const folder = join(aFolder(), 'log')
  await fillFolder(folder, log, () => {})
  const path = join(folder, 'store.db')
  await using store = openSqliteStore({ path })
  const app = createApp({ store, log: silent, now: () => new Date() })
  const asOf = (share: number) => encodeSnapshot([{ partition: 1, last: Math.ceil(size * share) - 1, missing: [] }])
  const requests = requestsOf(log, { 0.5: asOf(0.5), 0.01: asOf(0.01), 0.999: asOf(0.999) })
  expect(requests.length).toBeGreaterThan(30)
  const wrong: string[] = []
  for (const { name, url, isRight } of requests) {
    const answer = await answerOf(await app.request(url))
    if (!isRight(answer)) wrong.push(name)
  }
  expect(wrong).toEqual([])
  expect((await differencesIn(path, () => {})).differences).toEqual([])
})

test('the table has a line for each request, and the ratio of the largest log to the smallest', () => {
  const measured = [100_000, 10_000_000].map((size) => ({ name: 'first page', size, ms: size / 50_000, plainMs: 1 }))
  expect(tableOf(measured)).toBe(`| request | 100 k | 10 M | ratio | plain 100 k | plain 10 M |
| --- | ---: | ---: | ---: | ---: | ---: |
| first page | 2.00 | 200 | 100.00 | 1.00 | 1.00 |`)
})

import { join } from 'node:path'
import { encodeSnapshot } from '@activity-log/shared/snapshot.ts'
import { aFolder } from '@activity-log/shared/testing/processes.ts'
import { expect, test } from 'vitest'
import { fillFolder, makeUp } from './made-up-log.ts'
import { waitsBeside, waitsTable } from './waits-beside.ts'

test('everybody is served beside each read that takes long', async () => {
  const folder = join(aFolder(), 'log')
  const size = 6000
  await fillFolder(folder, makeUp(size), () => {})
  const asOf = encodeSnapshot([{ partition: 1, last: 59, missing: [] }])
  const waits = await waitsBeside(folder, { asOf, size, times: 20 })
  expect(waits.filter(({ failed }) => failed > 0)).toEqual([])
  expect(waits.length).toBeGreaterThan(10)
})

test('the table compares what others wait with what they wait beside nothing', () => {
  const waits = [
    { name: 'nothing', pageMs: 2, postMs: 4, failed: 0 },
    { name: 'an export', pageMs: 3, postMs: 4, failed: 1 },
  ]
  expect(waitsTable(waits)).toBe(`| beside | first page, p99 ms | POST, p99 ms | failed |
| --- | ---: | ---: | ---: |
| nothing | 2.0 (1.00 ×) | 4.0 (1.00 ×) | 0 |
| an export | 3.0 (1.50 ×) | 4.0 (1.00 ×) | 1 |`)
})

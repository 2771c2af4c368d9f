import { expect, test } from 'vitest'
import { stopsServers } from './campaign.ts'
import { scenarios } from './scenarios.ts'

test('runs a scenario alone when it stops a server', () => {
  const alone = scenarios.filter(stopsServers).map(({ name }) => name)
  expect(alone).toEqual(expect.arrayContaining(['broker-killed', 'leader-moves', 'store-absent-at-start']))
  expect(alone).not.toEqual(expect.arrayContaining(['ingest-killed']))
})

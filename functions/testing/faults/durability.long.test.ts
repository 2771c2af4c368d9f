import { describe, expect, test } from 'vitest'
import { killLoop } from './kill-loop.ts'
import { hasStrace, powerLoss } from './power-loss.ts'

const small = { seed: '1', activities: 100, bytes: 2000, instants: 12 }
const nothingWrong = { lost: [], twice: [], changed: [], damaged: [] }

test('finds every acknowledged activity once after every kill', { timeout: 120_000 }, async () => {
  const result = await killLoop({ seed: '1', kills: 3, activities: 600 })
  expect(result).toMatchObject({ ...nothingWrong, kills: 3, missing: [] })
  expect(result.acknowledged).toBeGreaterThanOrEqual(600)
})

// needs strace, which shows what was synced
describe.skipIf(!hasStrace())('when the power fails', { timeout: 120_000 }, () => {
  test('finds every acknowledged activity once', async () => {
    expect(await powerLoss(small)).toMatchObject({ ...nothingWrong, acknowledged: 100 })
  })

  test.each(['fsync', 'fsync-store'])('loses something without %s', async (mutant) => {
    expect((await powerLoss({ ...small, mutant })).lost).not.toEqual([])
  })
})

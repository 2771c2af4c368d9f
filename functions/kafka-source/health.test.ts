import { silent } from '@activity-log/shared/testing/builders.ts'
import { expect, test } from 'vitest'
import { createHealth, stuckAfterMs } from './health.ts'

test.each([
  [0, 200],
  [stuckAfterMs, 200],
  [stuckAfterMs + 1, 503],
])('a source that was silent for %i ms is answered with %i', async (silentMs, status) => {
  const health = createHealth({ log: silent, lastSign: () => 1_000, now: () => 1_000 + silentMs })
  expect((await health.request('/healthz')).status).toBe(status)
})

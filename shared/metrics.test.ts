import { expect, test } from 'vitest'
import { histogram } from './metrics.ts'

test('writes the format of Prometheus: each bucket counts the values up to its bound, and +Inf counts all', () => {
  const { observe, text } = histogram('waited_seconds', 'How long', [0.1, 1])
  for (const value of [0.05, 0.1, 0.5, 30]) observe(value)
  expect(text()).toBe(`# HELP waited_seconds How long
# TYPE waited_seconds histogram
waited_seconds_bucket{le="0.1"} 2
waited_seconds_bucket{le="1"} 3
waited_seconds_bucket{le="+Inf"} 4
waited_seconds_sum 30.65
waited_seconds_count 4
`)
})

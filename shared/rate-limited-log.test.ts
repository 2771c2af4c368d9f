import { expect, test } from 'vitest'
import { createRateLimit } from './rate-limited-log.ts'

test('writes one line a minute of each kind, with the number of those that were omitted', () => {
  let now = 0
  const lines: [object, string][] = []
  const limited = createRateLimit(() => now)
  const write = (kind: string) => limited((fields, fact) => void lines.push([fields, fact]), { n: now }, kind)
  for (; now < 60_000; now += 10_000) write('a')
  write('b')
  expect(lines).toEqual([
    [{ n: 0 }, 'a'],
    [{ n: 60_000 }, 'b'],
  ])
  write('a')
  expect(lines.at(-1)).toEqual([{ n: 60_000, omitted: 5 }, 'a'])
  now += 60_000
  write('a')
  expect(lines.at(-1)).toEqual([{ n: 120_000 }, 'a'])
})

test('all kinds beyond a hundred count as one', () => {
  let lines = 0
  const limited = createRateLimit(() => 0)
  for (let n = 0; n < 1_000; n++) limited(() => void lines++, {}, 'fact', String(n))
  expect(lines).toBe(101)
})

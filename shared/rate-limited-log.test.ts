import { expect, test } from 'vitest'
import { createLimitedLog, createRateLimit } from './rate-limited-log.ts'

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

test('a limited log has the levels of the whole one, which share the kinds', () => {
  const lines: string[] = []
  const whole = {
    warn: (fields: object, fact: string) => void lines.push(`warn ${fact} ${JSON.stringify(fields)}`),
    error: (fields: object, fact: string) => void lines.push(`error ${fact} ${JSON.stringify(fields)}`),
  }
  let now = 0
  const log = createLimitedLog(whole, () => now)
  for (let n = 0; n < 1000; n++) log.warn({ n }, 'a fact')
  log.error({}, 'another fact')
  now = 60_000
  log.warn({ n: 1000 }, 'a fact')
  expect(lines).toEqual(['warn a fact {"n":0}', 'error another fact {}', 'warn a fact {"n":1000,"omitted":999}'])
})

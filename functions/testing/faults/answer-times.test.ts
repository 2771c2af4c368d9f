import { expect, test } from 'vitest'
import { answerTimes } from './answer-times.ts'

const taking = (ms: number) => ({ sentAt: 1_000, endedAt: 1_000 + ms })

test('tells the median, the 99th percentile and the slowest of many answers in any order', () => {
  const all = Array.from({ length: 200 }, (_, n) => taking(((n * 77) % 200) + 1))
  expect(answerTimes(all)).toEqual({ p50: 101, p99: 199, max: 200 })
})

test('one answer is the median and the slowest, and no answer takes no time', () => {
  expect(answerTimes([taking(7)])).toEqual({ p50: 7, p99: 7, max: 7 })
  expect(answerTimes([])).toEqual({ p50: 0, p99: 0, max: 0 })
})

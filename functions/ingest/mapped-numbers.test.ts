import { type Judge, parseJudged } from '@activity-log/shared/json-judged.ts'
import { allSteps } from '@activity-log/shared/steps.ts'
import { expect, test } from 'vitest'
import { newJudge } from './posted-items.ts'
import { readMapped } from './read-mapped.ts'

const parse = (judge: Judge, text: string) => allSteps(parseJudged(allSteps(judge.inSteps(text))))
function mappedJudge(): Judge {
  const mapped = readMapped('/logs?user=u')
  if (!mapped) throw new Error('This is a mapping')
  return mapped.judge
}

test('numbers keep their digits, wherever they are', () => {
  const large = '12345678901234567890'
  const parsed = parse(
    mappedJudge(),
    `[{"u": ${large}, "a/b": [[-0, 1]], "~": {"é": 1e999}, "n": ${'9'.repeat(50)}}, 1]`,
  )
  expect(parsed.ok && parsed.value).toEqual([
    {
      u: expect.objectContaining({ text: large }),
      'a/b': [[expect.objectContaining({ text: '-0' }), 1]],
      '~': { é: expect.objectContaining({ text: '1e999' }) },
      // the message that names it has no room for so many
      n: 1e50,
    },
    1,
  ])
})

test('looking for numbers takes little longer than parsing does', () => {
  const item = `{"u":1e999,"metadata":{"a":[${Array(390).fill('0.123456')}]}}`
  const text = `[${Array(1000).fill(item)}]`
  const cpuOf = (newJudge: () => Judge) => {
    const runs = Array.from({ length: 3 }, () => {
      const before = process.threadCpuUsage()
      parse(newJudge(), text)
      const { user, system } = process.threadCpuUsage(before)
      return user + system
    })
    return Math.min(...runs)
  }
  expect(cpuOf(mappedJudge)).toBeLessThan(2 * cpuOf(newJudge))
})

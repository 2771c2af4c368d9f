import { expect, test } from 'vitest'
import { createParser, type Parse } from './posted-items.ts'
import { readMapped } from './read-mapped.ts'

const mappedParse: Parse = (text) => readMapped('/logs?user=u')?.parse(text) ?? { ok: false, detail: 'is not mapped' }

test('numbers keep their digits, wherever they are', () => {
  const large = '12345678901234567890'
  const parsed = mappedParse(`[{"u": ${large}, "a/b": [[-0, 1]], "~": {"é": 1e999}, "n": ${'9'.repeat(50)}}, 1]`)
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
  const cpuOf = (parse: Parse) => {
    const runs = Array.from({ length: 3 }, () => {
      const before = process.threadCpuUsage()
      parse(text)
      const { user, system } = process.threadCpuUsage(before)
      return user + system
    })
    return Math.min(...runs)
  }
  expect(cpuOf(mappedParse)).toBeLessThan(2 * cpuOf((each) => createParser()(each)))
})

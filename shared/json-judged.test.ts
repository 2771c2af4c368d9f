import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseJson } from './json.ts'
import { createJudge, type Judge, parseJudged } from './json-judged.ts'
import { decoderOf, splitLines } from './lines.ts'
import { allSteps, partLength } from './steps.ts'

const limits = { items: 3, characters: 1_000, values: 10, valuesInAll: 25 }
const unlimited = { items: 1_000, characters: 1_000_000, values: 1_000_000, valuesInAll: 1_000_000 }
const parse = (judge: Judge, text: string) => allSteps(parseJudged(allSteps(judge.inSteps(text))))
const judge = (text: string) => parse(createJudge(limits), text)
const judgeAny = (text: string) => parse(createJudge(unlimited), text)
const read = (text: string) => {
  const json = judge(text)
  if (!json.ok) throw new Error(json.detail)
  return { value: json.value, places: json.lossy.map(({ pointer, detail }) => `${pointer} ${detail}`) }
}

describe('within the limits', () => {
  const anyJson = fc.jsonValue({ stringUnit: 'binary' })
  test('reads any JSON as parseJson does', () => {
    fc.assert(
      fc.property(anyJson, fc.constantFrom(0, 2), (value, space) => {
        const text = JSON.stringify(value, null, space)
        expect(judgeAny(text)).toEqual(parseJson(text))
      }),
    )
  })

  test('rejects broken JSON where parseJson does', () => {
    const broken = fc.tuple(
      anyJson,
      fc.nat(),
      fc.constantFrom('', '[', ']', '{', '}', ',', ':', '"', '\\', 'x', '1', '\n'),
    )
    fc.assert(
      fc.property(broken, ([value, at, put]) => {
        const text = JSON.stringify([value, { a: [value] }], null, 1)
        const place = at % text.length
        const changed = text.slice(0, place) + put + text.slice(place + 1)
        expect(judgeAny(changed).ok).toBe(parseJson(changed).ok)
      }),
      { numRuns: 500 },
    )
  })

  test.each([
    '[1,,2]',
    '[1,]',
    '[,1]',
    '[1 2]',
    '[1]]',
    '[1]2',
    '[1',
    '["a]',
    '[1}',
    '{"a":1',
    '{]',
    ']',
    '[1,\n {"a" 1}]',
    '[,]',
  ])('rejects %s with the same message', (text) => {
    const [mine, theirs] = [judgeAny(text), parseJson(text)]
    expect(mine.ok).toBe(false)
    const place = (json: typeof mine) => /line (\d+)/.exec(json.ok ? '' : json.detail)?.[1]
    if (place(mine) !== undefined) expect(place(mine)).toBe(place(theirs))
  })

  test('reads text that takes several steps', () => {
    const around = fc.integer({ min: partLength - 12, max: partLength + 2 })
    const parts = fc.constantFrom('\\"', '\\\\', '[', ',', ' ', '{"a":1},', '12,', '"]",')
    fc.assert(
      fc.property(around, parts, fc.constantFrom('1', '"x"', '[]', ''), (length, part, end) => {
        for (const text of [
          `["${'x'.repeat(length - 3)}${part.replaceAll('"', '\\"').repeat(3)}",${end}]`,
          `[${' '.repeat(length)}${part.repeat(3)}${end}]`,
          `{"${'x'.repeat(length)}${part.replaceAll('"', '')}":[${end}]}`,
        ]) {
          const [mine, theirs] = [judgeAny(text), parseJson(text)]
          if (theirs.ok) expect(mine).toEqual(theirs)
          else expect(mine.ok).toBe(false)
        }
      }),
      { numRuns: 50 },
    )
  })

  test('names the place of what is broken behind many lines', () => {
    const text = `[1,${'\n'.repeat(3_000)}  {"a" 1}]`
    expect(judgeAny(text)).toEqual({ ok: false, detail: 'is not valid JSON at line 3001, column 8' })
    expect(parseJson(text)).toEqual(judgeAny(text))
  })

  test('finds lossy values in the items of an array', () => {
    expect(read('[1, -0 , {"a":[1,-0]}]').places.map((place) => place.split(' ')[0])).toEqual(['/1', '/2/a/1'])
  })
})

describe('does not parse', () => {
  test.each([
    ['an item that is too large', `[1,"${'x'.repeat(1_000)}"]`],
    ['an item with too many values', `[1,[${'{},'.repeat(10)}{}]]`],
    ['an item with too many members', `[1,{${Array.from({ length: 10 }, (_, n) => `"k${n}":1`).join()}}]`],
  ])('%s, and keeps the others', (_what, text) => {
    const { value, places } = read(text)
    expect(value).toEqual([1, undefined])
    expect(places).toEqual([expect.stringMatching(/^\/1 /)])
  })

  test('an item that is too deep, and names the place', () => {
    const { value, places } = read(`[1,${'['.repeat(100)}${']'.repeat(100)}]`)
    expect(value).toEqual([1, undefined])
    expect(places).toEqual([expect.stringContaining('/0/0 is nested deeper than 64 levels')])
  })

  test('more items than the maximum', () => {
    expect((read('[1,2,3]').value as unknown[]).length).toBe(3)
    expect((read('[1,2,3,4]').value as unknown[]).length).toBe(4)
    expect((read(`[${'1,'.repeat(1_000_000)}`).value as unknown[]).length).toBe(4)
  })

  test('more values in all than the limit, over several texts', () => {
    const judgeOne = createJudge(limits)
    const ten = `[[${'0,'.repeat(8)}0]]`
    expect([ten, ten, ten].map((text) => parse(judgeOne, text).ok)).toEqual([true, true, false])
    expect(judge('[[0,0,0,0,0,0,0,0],[0,0,0,0,0,0,0,0],[0,0,0,0,0,0,0]]').ok).toBe(false)
  })

  test('exactly as many values as the limit are parsed', () => {
    expect(read(`{"a":[${'0,'.repeat(7)}0]}`).places).toEqual([])
    expect(read(`{"a":[${'0,'.repeat(8)}0]}`).places).toEqual([' has more than 10 values in all'])
    // brackets, commas, colons and quotes in text are not values
    expect(read(`["${'{[,:\\"'.repeat(100)}"]`).places).toEqual([])
  })
})

describe('lines', () => {
  const lines = (text: string, max = 10) => {
    const bytes = Buffer.from(text)
    return allSteps(splitLines(bytes, max)).map((line) => [line.number, decoderOf(bytes)(line)])
  }
  test('are numbered, and blank ones do not count', () => {
    expect(lines('a\n\n \t\r\n b\r\nc')).toEqual([
      [1, 'a'],
      [4, 'b\r'],
      [5, 'c'],
    ])
    expect(lines('')).toEqual([])
    expect(lines('\n\n')).toEqual([])
    expect(lines('\n \na\n')).toEqual([[3, 'a']])
  })
  test('are the same when they take several steps', () => {
    const blanks = '\n \t'.repeat(partLength)
    const numbers = partLength + 1
    expect(lines(`a\n${blanks}b\n\uFEFF\uFEFF c`)).toEqual([
      [1, 'a'],
      [numbers + 1, 'b'],
      [numbers + 2, 'c'],
    ])
  })
  test('are read up to one more than the maximum', () => {
    expect(lines('a\n'.repeat(100), 3)).toHaveLength(4)
    expect(lines('\n'.repeat(4_000_000), 3)).toEqual([])
  })
})

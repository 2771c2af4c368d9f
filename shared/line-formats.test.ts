import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { csvColumns, lineIn } from './line-formats.ts'

const activity = {
  id: 'a',
  userId: 'ann',
  action: 'pay',
  timestamp: '2024-01-15T10:00:00Z',
  recordedAt: '2026-01-01T00:00:00.000Z',
}
const times = '2024-01-15T10:00:00Z,2026-01-01T00:00:00.000Z'

describe('a row of CSV', () => {
  const row = lineIn.csv
  const userCell = (userId: string) => row({ ...activity, userId }).slice('a,'.length, -`,pay,${times},\r\n`.length)

  test('has the columns of the header, and ends with CRLF', () => {
    expect(csvColumns.join()).toBe('id,userId,action,timestamp,recordedAt,metadata')
    expect(row(activity)).toBe(`a,ann,pay,${times},\r\n`)
  })

  test('has metadata as JSON', () => {
    expect(row({ ...activity, metadataText: JSON.stringify({ 'a,b': ['"', '=1'] }) })).toBe(
      `a,ann,pay,${times},"{""a,b"":[""\\"""",""=1""]}"\r\n`,
    )
  })

  test.each([
    ['Ünï☃😀', 'Ünï☃😀'],
    ['a,b', '"a,b"'],
    ['say "hi"', '"say ""hi"""'],
    ['two\r\nlines', '"two\r\nlines"'],
    ['two\nlines', '"two\nlines"'],
    ['a;b', 'a;b'],
  ])('quotes only what needs quotes: %j', (userId, expected) => {
    expect(userCell(userId)).toBe(expected)
  })

  test.each([
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', "'\t'=1"],
    ['\r=1', `"'\r'=1"`],
    ['\n=1', `"'\n'=1"`],
    ['＝1', "'＝1"],
    ['＋1', "'＋1"],
    ['－1', "'－1"],
    ['＠1', "'＠1"],
    ['=HYPERLINK("x","y")', `"'=HYPERLINK(""x"",""y"")"`],
    ["'=1", "''=1"],
    ['a=1', 'a=1'],
    ['a-1', 'a-1'],
    ["x;=cmd|' /C calc'!A0", "x;'=cmd|' /C calc'!A0"],
    ['x;＝1', "x;'＝1"],
    ['x\t+1', "x\t'+1"],
    ['x\r\n-1', `"x\r\n'-1"`],
    ['x\n@1', `"x\n'@1"`],
    ['x;;\t=1', "x;;\t'=1"],
    ["x;'=1", "x;''=1"],
    ['x;"=1"', `"x;'""=1"""`],
    ['x\n"-1', `"x\n'""-1"`],
    ['x; =1', 'x; =1'],
    ['x;y=1', 'x;y=1'],
  ])('never runs as a formula in a spreadsheet: %j', (userId, expected) => {
    expect(userCell(userId)).toBe(expected)
  })

  test('can be undone: one apostrophe fewer at the start and after each semicolon, tab and line break', () => {
    const piece = fc.constantFrom(...`;\t\r\n=+-@＝＋－＠'"a,`)
    const text = fc.array(piece, { minLength: 1, maxLength: 12 }).map((pieces) => pieces.join(''))
    fc.assert(
      fc.property(text, (userId) => {
        const cell = userCell(userId)
        const unquoted = cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell
        expect(unquoted.replace(/(^|[;\t\r\n])'/g, '$1')).toBe(userId)
      }),
      { numRuns: 2000 },
    )
  })

  test('never runs as a formula in any column that a client fills', () => {
    expect(row({ ...activity, id: '=1', action: '@x' })).toBe(`'=1,ann,'@x,${times},\r\n`)
  })
})

test('a row of NDJSON is the activity as in lists, and a line feed', () => {
  const text = lineIn.ndjson({ ...activity, metadataText: JSON.stringify({ a: '\n' }) })
  expect(text.indexOf('\n')).toBe(text.length - 1)
  expect(JSON.parse(text)).toEqual({ ...activity, metadata: { a: '\n' } })
})

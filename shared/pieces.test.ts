import { describe, expect, test } from 'vitest'
import { type Cutter, createItemCutter, createLineCutter } from './pieces.ts'

/** The pieces of a text that arrives in chunks of `size` bytes. */
function cut(cutter: Cutter, text: string | Uint8Array, size: number) {
  const bytes = Buffer.from(text)
  const pieces = []
  for (let at = 0; at < bytes.length; at += size) pieces.push(...cutter.add(bytes.subarray(at, at + size)))
  const { piece, fault } = cutter.end()
  const all = piece ? [...pieces, piece] : pieces
  return { pieces: all.map((each) => [each.number, each.bytes && Buffer.from(each.bytes).toString('latin1')]), fault }
}

describe.each([1, 3, 1000])('in chunks of %i bytes', (size) => {
  test('lines are cut at the newline byte alone, and one that is too long has no bytes', () => {
    const text = 'one\n\ntwo\r\n\u2028\n12345678\nlast'
    expect(cut(createLineCutter(7), text, size).pieces).toEqual([
      [1, 'one'],
      [2, ''],
      [3, 'two\r'],
      [4, 'â\x80¨'],
      [5, undefined],
      [6, 'last'],
    ])
    expect(cut(createLineCutter(7), Buffer.from([0xff, 0x0a]), size).pieces).toEqual([[1, 'ÿ']])
  })

  test('items are cut at the commas between them', () => {
    const { pieces, fault } = cut(
      createItemCutter([], 20),
      '[ {"a":"],[\\"\\\\"} ,[1,{"b":2}],3,\n"12345678901234567890"]',
      size,
    )
    expect(pieces.map(([number, text]) => [number, text?.toString().trim()])).toEqual([
      [1, '{"a":"],[\\"\\\\"}'],
      [2, '[1,{"b":2}]'],
      [3, '3'],
      [4, undefined],
    ])
    expect(fault).toBeUndefined()
  })

  test('items are found at a path, and nowhere else', () => {
    const text =
      '{"x":{"Records":[0]},"y":["Records",[0]],"a":{"Records":[{"Records":[1]}],"b":[2]}}{"a":{"Records":[3]}}'
    const { pieces, fault } = cut(createItemCutter(['a', 'Records'], 100), text, size)
    expect([pieces, fault]).toEqual([
      [
        [1, '{"Records":[1]}'],
        [2, '3'],
      ],
      undefined,
    ])
  })

  test.each([
    ['[]', [], undefined],
    ['{"a":1}', [], 'has no array'],
    ['', [], 'has no array'],
    ['[1,2', [[1, '1']], 'ends early'],
    ['[1,"', [[1, '1']], 'ends early'],
    ['[1] x', [[1, '1']], 'has other text'],
    ['"x" [1]', [[1, '1']], 'has other text'],
    [
      '\ufeff[1]\r\n\ufeff[2]',
      [
        [1, '1'],
        [2, '2'],
      ],
      undefined,
    ],
    [
      '[1,]',
      [
        [1, '1'],
        [2, ''],
      ],
      undefined,
    ],
    [
      '[1,,2]',
      [
        [1, '1'],
        [2, ''],
        [3, '2'],
      ],
      undefined,
    ],
  ])('%s ends as it does', (text, pieces, fault) => {
    expect(cut(createItemCutter([], 100), text, size)).toEqual({ pieces, fault })
  })
})

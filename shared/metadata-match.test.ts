import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JsonObject } from './json.ts'
import { type MetadataMatch, metadataMatcher, parseMetadataPath } from './metadata-match.ts'

describe('a path', () => {
  test.each([
    ['a', ['a']],
    ['a.b.c', ['a', 'b', 'c']],
    ['a\\.b.c', ['a.b', 'c']],
    ['a\\\\.b', ['a\\', 'b']],
    ['a\\b', ['ab']],
    ['a\\', ['a\\']],
    ['\\.', ['.']],
    ['__proto__.constructor', ['__proto__', 'constructor']],
    ['$where.0. ', ['$where', '0', ' ']],
    ['Ünï☃😀.\\😀', ['Ünï☃😀', '😀']],
  ])('%s', (text, names) => expect(parseMetadataPath(text)).toEqual(names))

  test.each(['', '.', 'a.', '.a', 'a..b'])('%j has an empty name', (text) =>
    expect(parseMetadataPath(text)).toMatch(/empty name/))

  test('has no more names than metadata may have levels', () => {
    expect(parseMetadataPath(Array(32).fill('a').join('.'))).toHaveLength(32)
    expect(parseMetadataPath(Array(100).fill('a').join('.'))).toMatch(/path of 100 names; .* 32 levels/)
  })

  test('of any names is read back as it was written', () => {
    const names = fc.array(fc.string({ unit: 'grapheme', minLength: 1 }), { minLength: 1, maxLength: 32 })
    const written = (name: string) => name.replace(/[\\.]/g, '\\$&')
    fc.assert(
      fc.property(names, (path) => {
        expect(parseMetadataPath(path.map(written).join('.'))).toEqual(path)
      }),
    )
  })
})

const matches = (metadata: unknown, path: string[], value: string) =>
  metadataMatcher([{ path, value }])(metadata as JsonObject)

describe('matches', () => {
  test.each<[value: string, scalar: unknown]>([
    ['3', 3],
    ['3', '3'],
    ['3.0', 3],
    ['30e-1', 3],
    ['-1.5', -1.5],
    ['1E3', 1000],
    ['0.1', 0.1],
    ['true', true],
    ['true', 'true'],
    ['false', false],
    ['null', null],
    ['null', 'null'],
    ['', ''],
    [' 3', ' 3'],
    ['9007199254740991', 9007199254740991],
    ['1e400', '1e400'],
  ])('%j: %j', (value, scalar) => expect(matches({ a: { b: scalar } }, ['a', 'b'], value)).toBe(true))

  test.each<[value: string, scalar: unknown]>([
    ['3', 3.5],
    ['3.0', '3'],
    [' 3', 3],
    ['+3', 3],
    ['03', 3],
    ['0x3', 3],
    ['.5', 0.5],
    ['Infinity', 1],
    ['9007199254740993', 9007199254740992],
    ['True', true],
    ['1', true],
    ['0', false],
    ['0', null],
    ['', null],
    ['null', undefined],
    ['undefined', undefined],
    ['3', [3]],
    ['', []],
    ['[object Object]', {}],
    ['é', 'e\u0301'],
  ])('not %j: %j', (value, scalar) => expect(matches({ a: scalar }, ['a'], value)).toBe(false))

  test('through objects alone, by their own members', () => {
    expect(matches({ a: [{ b: 1 }] }, ['a', 'b'], '1')).toBe(false)
    expect(matches({ a: [1] }, ['a', '0'], '1')).toBe(false)
    expect(matches({ a: [1] }, ['a', 'length'], '1')).toBe(false)
    expect(matches({ a: 'x' }, ['a', 'length'], '1')).toBe(false)
    expect(matches({ a: { 0: 1 } }, ['a', '0'], '1')).toBe(true)
    expect(matches({}, ['constructor', 'name'], 'Object')).toBe(false)
    expect(matches({}, ['__proto__'], 'null')).toBe(false)
    expect(matches(JSON.parse('{"__proto__":{"a.b":1}}'), ['__proto__', 'a.b'], '1')).toBe(true)
    expect(matches({ 'a.b': 1 }, ['a', 'b'], '1')).toBe(false)
    expect(matches({ $set: { $where: 'x' } }, ['$set', '$where'], 'x')).toBe(true)
    expect(matches(null, ['a'], 'null')).toBe(false)
  })

  test('only metadata that meets all conditions', () => {
    const both: MetadataMatch[] = [
      { path: ['a'], value: '1' },
      { path: ['b'], value: 'x' },
    ]
    expect(metadataMatcher(both)({ a: 1, b: 'x' })).toBe(true)
    expect(metadataMatcher(both)({ a: 1, b: 'y' })).toBe(false)
    expect(metadataMatcher(both)({ b: 'x' })).toBe(false)
  })

  test('every scalar in metadata, as JSON writes it or as plain text', () => {
    const scalar = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Object.is(number, -0)),
      fc.boolean(),
      fc.constant(null),
    )
    const path = fc.array(fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom('__proto__', '0')), { minLength: 1 })
    fc.assert(
      fc.property(scalar, path, (value, names) => {
        const metadata = names.reduceRight<string>(
          (inner, name) => `{${JSON.stringify(name)}:${inner}}`,
          JSON.stringify(value),
        )
        const text = typeof value === 'string' ? value : JSON.stringify(value)
        expect(matches(JSON.parse(metadata), names, text)).toBe(true)
        expect(matches(JSON.parse(metadata), names, `${text}x`)).toBe(false)
        expect(matches(JSON.parse(metadata), [...names, 'x'], text)).toBe(false)
      }),
    )
  })
})

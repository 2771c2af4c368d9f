import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalJson, type JsonValue, parseJson } from './json.ts'

const read = (text: string) => {
  const parsed = parseJson(text)
  if (!parsed.ok) throw new Error(`${text} ${parsed.detail}`)
  return parsed
}
const places = (text: string) => read(text).lossy.map(({ pointer }) => pointer)

describe('numbers', () => {
  test.each([
    '0',
    '1.0',
    '1e2',
    '1E+2',
    '1E23',
    '0.1',
    '0e5',
    '0.0',
    '-0.5',
    '9007199254740992',
    '5e-324',
    '100e-2',
    '0e00000000001',
    '1.50E+000000000002',
    '0e99999999999999999999',
    '0.30000000000000004',
    '9007199254740992000.0e-3',
    '1.7976931348623157e308',
    `1${'0'.repeat(300)}`,
    `0.${'0'.repeat(300)}1`,
    `1${'0'.repeat(400)}e-400`,
    '0.10000000000000001',
    '37.331705999999997',
    '-1.0000000000000001E-1',
    '1.10000000000000010E0',
    '2.2250738585072014e-308',
    '4.9406564584124654e-324',
  ])('%s survives', (number) => expect(places(`[${number}]`)).toEqual([]))
  test.each([
    '1e400',
    '1e-400',
    '-0e00000000001',
    '1.7976931348623158e308',
    '2e-324',
    '12345678901234567',
    '0.300000000000000041',
    '37.331705999999998',
    '9007199254740993',
    '3.14159265358979323846',
    '0.1000000000000000055511151231257827',
    '-0',
    '-0.0',
    '-0e3',
    `1e${'9'.repeat(400)}`,
  ])('%s does not survive', (number) => {
    expect(places(number)).toEqual([''])
    expect(places(`{"a":[0,${number}]}`)).toEqual(['/a/1'])
    expect(places(`[ ${number} ]`)).toEqual(['/0'])
  })
  test('agrees with exact arithmetic on any decimal', () => {
    const digits = fc.stringMatching(/^(0|[1-9]\d{0,20})(\.\d{1,20})?$/)
    const exponents = fc.oneof(
      fc.constant(''),
      fc.integer({ min: -340, max: 330 }).map((exponent) => `e${exponent}`),
    )
    const doubles = fc.double({ noDefaultInfinity: true, noNaN: true })
    const one = fc.oneof(
      fc.tuple(fc.constantFrom('', '-'), digits, exponents).map((parts) => parts.join('')),
      doubles.map((double) => JSON.stringify(double)),
      doubles.map((double) => double.toPrecision(17)),
    )
    fc.assert(
      fc.property(one, (number) => {
        const back = JSON.stringify(JSON.parse(number))
        const forms = [back, JSON.parse(number).toPrecision(17)]
        const isExact = back !== 'null' && forms.some((form) => exactly(form) === exactly(number))
        const survives = isExact && !/^-[0.]+(e|$)/.test(number)
        expect(places(number)).toEqual(survives ? [] : [''])
      }),
      { numRuns: 1000 },
    )
  })
  test('the message holds the shortened number', () => {
    const detail = read(`${'9'.repeat(1000)}`).lossy[0]?.detail
    expect(detail).toBe(`holds the number ${'9'.repeat(37)}…, which cannot be represented exactly; send it as a string`)
  })
  test.each([
    ['digits', `1${'0'.repeat(4 * 1024 * 1024)}1`],
    ['digits in its exponent', `1e${'9'.repeat(4 * 1024 * 1024)}`],
  ])('judges a number with 4 MiB of %s', (_what, number) => expect(places(number)).toEqual(['']))
})

/** The exact value, as a multiple of 10⁻⁴⁰⁰. */
function exactly(number: string): bigint {
  const [, sign, whole = '', fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:e(.+))?$/.exec(number) ?? []
  return BigInt(`${sign}${whole}${fraction}`) * 10n ** BigInt(400 + Number(exponent) - fraction.length)
}

describe('finds names that are repeated in an object', () => {
  test.each<[text: string, pointers: string[]]>([
    ['{"a":1,"a":1}', ['/a']],
    ['{"a":1,"\\u0061":2}', ['/a']],
    ['{"a":1,"b":{"a":1},"c":[{"a":1}]}', []],
    ['{"a":[0,{"b":{"c":1,"c":2}}]}', ['/a/1/b/c']],
    ['{"a":1,"a":2,"a":3}', ['/a', '/a']],
    ['{"a/b~":{"x":1,"x":2}}', ['/a~1b~0/x']],
    ['{"__proto__":1,"__proto__":2}', ['/__proto__']],
    ['{"":1,"":2}', ['/']],
    ['{"a":"\\":{,[","a":"]}"}', ['/a']],
    [`${'{"a":'.repeat(60)}{"b":1,"b":2}${'}'.repeat(60)}`, [`${'/a'.repeat(60)}/b`]],
    [`{${Array.from({ length: 500 }, (_, n) => `"k${n}":1`).join()},"k7":1,"k\\u0037":1}`, ['/k7', '/k7']],
  ])('%s', (text, pointers) => expect(places(text)).toEqual(pointers))
})

describe('finds characters that cannot be stored, in names and in values', () => {
  test.each<[text: string, pointers: string[]]>([
    ['"a\\u0000b"', ['']],
    ['{"a":["\\u0000"]}', ['/a/0']],
    ['{"a\\u0000":1}', ['/a\0']],
    ['["\\ud800"]', ['/0']],
    ['["\\uDE00\\uD83D"]', ['/0']],
    ['{"\\udc00":1}', ['/\udc00']],
    ['["\\ud83d\\ude00","\\\\u0000","😀"]', []],
  ])('%s', (text, pointers) => expect(places(text)).toEqual(pointers))
})

test('__proto__ is an ordinary member and changes no object', () => {
  const { value, lossy } = read('{"__proto__":{"admin":true}}')
  expect(Object.keys(value as object)).toEqual(['__proto__'])
  expect((value as Record<string, unknown>)['admin']).toBeUndefined()
  expect(lossy).toEqual([])
  expect(canonicalJson(value as JsonValue)).toBe('{"__proto__":{"admin":true}}')
})

describe('names a value far beyond any limit without looking inside', () => {
  const levels = (count: number, inside = '1') => `${'{"a":'.repeat(count)}${inside}${'}'.repeat(count)}`
  const members = (count: number) => `{${Array.from({ length: count }, (_, n) => `"k${n}":1`).join()}}`
  test.each<[what: string, text: string, pointers: string[]]>([
    ['64 levels', levels(64), []],
    ['65 levels', levels(65), ['/a'.repeat(64)]],
    ['200,000 levels', levels(200_000, '-0'), ['/a'.repeat(64)]],
    ['200,000 arrays', '['.repeat(200_000) + ']'.repeat(200_000), ['/0'.repeat(64)]],
    ['2,000 members', members(2000), []],
    ['2,001 members', members(2001), ['']],
    ['2,001 members below', `{"a":[1,${members(2001)}]}`, ['/a/1']],
    [
      'one item of several',
      `[-0,${levels(100)},-0,${members(3000)},{"b":1,"b":2}]`,
      ['/0', `/1${'/a'.repeat(63)}`, '/2', '/3', '/4/b'],
    ],
  ])('%s', (_what, text, pointers) => expect(places(text)).toEqual(pointers))
})

describe('finds at least one place in each item of an array, however many places there are', () => {
  test.each([
    ['numbers', `{"n":[${'-0,'.repeat(40)}-0]}`],
    ['names', `{${'"a":1,'.repeat(40)}"a":1}`],
    ['characters', `[${'"\\u0000",'.repeat(40)}1]`],
  ])('%s', (_what, item) => {
    const items = new Set(places(`[${Array(1000).fill(item).join()}]`).map((pointer) => pointer.split('/')[1]))
    expect(items.size).toBe(1000)
  })
})

test('reads bodies of 4 MiB that are full of faults', () => {
  const filled = (part: string, last = '1') => `[${part.repeat(Math.floor((4 * 1024 * 1024) / part.length))}${last}]`
  const bodies = [filled('{"a":1,"a":1},'), filled('0,', '-0'), filled('-0,'), filled('1e5,'), filled('1e400,')]
  for (const body of bodies) read(body)
}, 60_000)

test.each<[text: string, detail: string]>([
  ['', 'is empty'],
  [' \n', 'is empty'],
  ['{"a":1,\n "b" 2}', 'is not valid JSON at line 2, column 6'],
  ['{"secret":1,}', 'is not valid JSON at line 1, column 13'],
  ['secret', 'is not valid JSON'],
  ['["secret', 'is not valid JSON'],
])('rejects %j with the place of the error and without quoting the input', (text, detail) => {
  const parsed = parseJson(text)
  expect(parsed).toEqual({ ok: false, detail: expect.stringContaining(detail) })
  expect(JSON.stringify(parsed)).not.toContain('secret')
})

const anyString = fc.string({ unit: 'binary', maxLength: 8 })
const anyJson = fc.jsonValue({ stringUnit: 'binary' }).map((value) => value as JsonValue)
const plainJson = fc.jsonValue({ maxDepth: 20 }).map((value) => value as JsonValue)

describe('any JSON', () => {
  test('is read as it was written, or its lossy places are listed', () => {
    fc.assert(
      fc.property(fc.oneof(anyJson, anyString), fc.constantFrom(0, 2), (value, space) => {
        const text = JSON.stringify(value, null, space)
        const { value: back, lossy } = read(text)
        expect(back).toEqual(JSON.parse(text))
        expect(lossy.length > 0).toBe(/\\u0000|\0/.test(text))
      }),
    )
  })

  test('a double survives in its shortest form', () => {
    const finite = fc.double({ noDefaultInfinity: true, noNaN: true }).filter((number) => !Object.is(number, -0))
    fc.assert(
      fc.property(finite, (number) => {
        expect(places(`{"n":${number}}`)).toEqual([])
      }),
    )
  })

  test('a member that is inserted twice is found', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), plainJson),
        fc.string(),
        plainJson,
        // together with the levels of the value, the depth stays within the limit
        fc.nat(30),
        (object, name, value, depth) => {
          const twice = Object.entries({ ...object, [name]: value }).map(
            ([key, part]) => `${JSON.stringify(key)}:${JSON.stringify(part)}`,
          )
          const text = `{${[...twice, `${JSON.stringify(name)}:1`].join(',')}}`
          const found = read('['.repeat(depth) + text + ']'.repeat(depth)).lossy
          expect(found.map(({ detail }) => detail)).toContain('is named twice in the same object')
        },
      ),
    )
  })

  test('the canonical text does not depend on the order of members', () => {
    const backwards = (value: JsonValue): JsonValue => {
      if (Array.isArray(value)) return value.map(backwards)
      if (typeof value !== 'object' || value === null) return value
      return Object.fromEntries(
        Object.entries(value)
          .map(([key, part]) => [key, backwards(part)] as const)
          .reverse(),
      )
    }
    fc.assert(
      fc.property(anyJson, (value) => {
        expect(canonicalJson(backwards(value))).toBe(canonicalJson(value))
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })
})

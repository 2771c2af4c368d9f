import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readParameters, writeParameters } from './parameters.ts'

const known = ['userId', 'action', 'metadata.a']
const read = (query: string) => readParameters(`http://log/logs${query}`, known)

describe('accepts', () => {
  test.each<[query: string, parameters: object]>([
    ['', {}],
    ['?', {}],
    ['?&&', {}],
    ['?userId=ada&action=log+in', { userId: 'ada', action: 'log in' }],
    ['?userId=a=b&metadata.a=', { userId: 'a=b', metadata: undefined, 'metadata.a': '' }],
    ['?userId', { userId: '' }],
    ['?user%49d=a%26b%2Bc', { userId: 'a&b+c' }],
    ['?userId=%E2%98%83?x#action=y', { userId: '☃?x' }],
    ['?userId=%0Aa', { userId: '\na' }],
  ])('%j', (query, parameters) => expect(read(query)).toEqual({ parameters, errors: [] }))

  test('everything that URLSearchParams writes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }), (userId, action) => {
        const query = new URLSearchParams({ userId, action })
        expect(read(`?${query}`)).toEqual({ parameters: { userId, action }, errors: [] })
      }),
    )
  })
})

describe('rejects by name', () => {
  test.each<[query: string, names: string[], detail: string]>([
    ['?user=ada', ['user'], 'is not a known parameter; allowed: userId, action, metadata.a'],
    ['?userid=ada', ['userid'], 'is not a known parameter'],
    ['?__proto__=x&constructor=x', ['__proto__', 'constructor'], 'is not a known parameter'],
    ['?=x', [''], 'is not a known parameter'],
    ['?userId=a&userId=a', ['userId'], 'is repeated; send it once'],
    ['?userId=a&user%49d=b&userId=c', ['userId', 'userId'], 'is repeated; send it once'],
    ['?userId=&userId=a', ['userId'], 'is repeated; send it once'],
    ['?userId=100%', ['userId'], 'is not valid percent-encoded UTF-8'],
    ['?userId=%zz', ['userId'], 'is not valid percent-encoded UTF-8'],
    ['?userId=%FF', ['userId'], 'is not valid percent-encoded UTF-8'],
    ['?userId=%C0%AF', ['userId'], 'is not valid percent-encoded UTF-8'],
    ['?userId=%ED%A0%80', ['userId'], 'is not valid percent-encoded UTF-8'],
    ['?%FF=a', ['%FF'], 'is not valid percent-encoded UTF-8'],
  ])('%j', (query, names, detail) => {
    const { errors } = read(query)
    expect(errors.map(({ pointer }) => pointer)).toEqual(names)
    for (const error of errors) expect(error.detail).toContain(detail)
  })

  test('every parameter, when several are wrong', () => {
    expect(read('?x=1&userId=%&y=2&action=a&action=b').errors.map(({ pointer }) => pointer)).toEqual([
      'x',
      'userId',
      'y',
      'action',
    ])
  })

  test('names that only resemble those of a family, and repeated members of the family', () => {
    const { parameters, errors } = readParameters('/?m.=1&m.a.b=2&m=3&m.a.b=4&M.a=5&m.__proto__=6', ['x'], 'm.')
    expect(parameters).toEqual({ 'm.': '1', 'm.a.b': '2', 'm.__proto__': '6' })
    expect(errors.map(({ pointer }) => pointer)).toEqual(['m', 'm.a.b', 'M.a'])
    expect(errors[0]?.detail).toBe('is not a known parameter; allowed: x, m.…')
  })

  test('every parameter, for a route that takes none', () => {
    expect(readParameters('/healthz?x=1', []).errors).toEqual([
      { pointer: 'x', detail: 'is not a known parameter; allowed: none' },
    ])
  })
})

test('a repeatable parameter has all its values in their order, and is written as it was', () => {
  const query = 'userId=a&action=x&user%49d=b%26&userId=a'
  const { parameters, errors } = readParameters(`/logs?${query}`, known, undefined, ['userId'])
  expect([parameters, errors]).toEqual([{ userId: ['a', 'b&', 'a'], action: 'x' }, []])
  expect(writeParameters(parameters)).toBe('userId=a&userId=b%26&userId=a&action=x')
  expect(readParameters('/logs?action=a&action=b', known, undefined, ['userId']).errors).toHaveLength(1)
  const many = readParameters(`/logs?${'userId=a&'.repeat(101)}`, known, undefined, ['userId'])
  expect(many.errors).toEqual([{ pointer: 'userId', detail: 'is one parameter too many; send at most 100' }])
})

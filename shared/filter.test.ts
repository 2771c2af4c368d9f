import { describe, expect, test } from 'vitest'
import { type ActionPattern, afterPrefix, type Filter, filterDigest, parseActions, partsOf } from './filter.ts'

describe('actions', () => {
  test.each<[text: string, patterns: ActionPattern[]]>([
    ['login', [{ exact: 'login' }]],
    [' login ', [{ exact: 'login' }]],
    ['login,logout', [{ exact: 'login' }, { exact: 'logout' }]],
    ['login, cart.*', [{ exact: 'login' }, { prefix: 'cart.' }]],
    ['cart.*,login', [{ prefix: 'cart.' }, { exact: 'login' }]],
    ['log in *', [{ prefix: 'log in ' }]],
    ['*', [{ prefix: '' }]],
    ['a\\,b', [{ exact: 'a,b' }]],
    ['a\\*', [{ exact: 'a*' }]],
    ['a\\**', [{ prefix: 'a*' }]],
    ['a\\\\,b', [{ exact: 'a\\' }, { exact: 'b' }]],
    ['a\\', [{ exact: 'a\\' }]],
    ['购买,😀*', [{ exact: '购买' }, { prefix: '😀' }]],
  ])('%j are %j', (text, actions) => expect(parseActions(text)).toEqual({ actions, excluded: [] }))

  test.each<[text: string, actions: ActionPattern[], excluded: ActionPattern[]]>([
    ['!login', [], [{ exact: 'login' }]],
    [' ! login ', [], [{ exact: 'login' }]],
    ['!cart.*', [], [{ prefix: 'cart.' }]],
    ['!*', [], [{ prefix: '' }]],
    [
      'cart.*,!cart.view, !login,logout',
      [{ prefix: 'cart.' }, { exact: 'logout' }],
      [{ exact: 'cart.view' }, { exact: 'login' }],
    ],
    ['\\!login', [{ exact: '!login' }], []],
    [' \\!a*', [{ prefix: '!a' }], []],
    ['!\\!a', [], [{ exact: '!a' }]],
    ['a!b,a!', [{ exact: 'a!b' }, { exact: 'a!' }], []],
    ['!a!b', [], [{ exact: 'a!b' }]],
    ['!a\\,b', [], [{ exact: 'a,b' }]],
    ['\\\\!a', [{ exact: '\\!a' }], []],
  ])('%j are %j without %j', (text, actions, excluded) => expect(parseActions(text)).toEqual({ actions, excluded }))

  test.each<[text: string, detail: string]>([
    ['', 'empty'],
    [' ', 'empty'],
    [',', 'empty'],
    ['login,', 'empty'],
    [',login', 'empty'],
    ['login,,logout', 'empty'],
    ['a*b', 'only at the end'],
    ['*.deleted', 'only at the end'],
    ['a**', 'only at the end'],
    ['!', 'empty'],
    ['! ', 'empty'],
    ['a,!', 'empty'],
    ['!,a', 'empty'],
    ['!!a', 'two exclamation marks'],
    ['! !a', 'two exclamation marks'],
    ['!a*b', 'only at the end'],
    ['a* ,b', 'only at the end'],
  ])('rejects %j', (text, detail) => expect(parseActions(text)).toContain(detail))
})

describe('the digest', () => {
  const filter: Filter = { tenant: 'default', userId: 'ada', actions: [{ prefix: 'cart.' }], from: 1n, to: 2n }

  test('does not depend on the order of members', () => {
    const { to, from, actions, userId, tenant } = filter as Required<Filter>
    expect(filterDigest({ to, from, actions, userId, tenant }, 'desc')).toEqual(filterDigest(filter, 'desc'))
  })

  test('changes with every filter and with the order', () => {
    const others: Filter[] = [
      filter,
      { ...filter, tenant: 'other' },
      { ...filter, userId: 'bob' },
      { ...filter, userId: ['ada', 'bob'] },
      { ...filter, userId: ['ada'] },
      { ...filter, excluded: [{ exact: 'a' }] },
      { ...filter, excluded: [{ prefix: 'a' }] },
      { ...filter, text: 'a' },
      { ...filter, metadata: [{ path: ['a'], value: '' }] },
      { ...filter, actions: [{ exact: 'cart.' }] },
      { ...filter, actions: [{ prefix: 'cart.' }, { exact: 'login' }] },
      { ...filter, from: 2n },
      { ...filter, to: 1n },
      { tenant: 'default', from: 1n },
      { tenant: 'default', to: 1n },
    ]
    const digests = others.flatMap((each) => [filterDigest(each, 'asc'), filterDigest(each, 'desc')])
    expect(new Set(digests.map((digest) => digest.toString('hex'))).size).toBe(2 * others.length)
  })
})

test.each([
  ['a', 'b'],
  ['cart.', 'cart/'],
  ['\ud7ff', '\ue000'],
  ['😀', '😁'],
  ['a\u{10ffff}', 'b'],
  ['\u{10ffff}', undefined],
  ['', undefined],
])('the texts with the prefix %j end before %j', (prefix, end) => expect(afterPrefix(prefix)).toBe(end))

test('a prefix covers the names and the prefixes that begin with it', () => {
  const patterns = ['a', 'ab', 'a', 'b'].map((prefix) => ({ prefix }))
  const names = ['ax', 'c', 'c', 'a'].map((exact) => ({ exact }))
  expect(partsOf([...patterns, ...names])).toEqual({ names: ['c'], prefixes: ['a', 'b'] })
})

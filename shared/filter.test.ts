import { describe, expect, test } from 'vitest'
import { type ActionPattern, type Filter, filterDigest, parseActions } from './filter.ts'

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
  ])('%j are %j', (text, patterns) => expect(parseActions(text)).toEqual(patterns))

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

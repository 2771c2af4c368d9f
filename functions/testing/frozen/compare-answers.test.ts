import { describe, expect, test } from 'vitest'
import { compare, redirected } from './compare-answers.ts'
import type { Exchange } from './exchange.ts'
import { absent, type ExpectedChange } from './expected-change.ts'

const json = { 'content-type': 'application/json' }
const answered = (body: object | string, name = 'receipt', headers: object = json, path = '/books'): Exchange => ({
  name,
  request: 'digest',
  path,
  answers: [{ status: 200, headers: { ...headers }, body: typeof body === 'string' ? body : JSON.stringify(body) }],
})

const differencesFor = (before: Exchange, after: Exchange, changes: ExpectedChange[] = [], compareTexts = true) => {
  const { differences, happened } = compare([before], [after], { way: 'w', changes, compareTexts })
  return { members: differences.map(({ member }) => member), happened: happened.size }
}
const change = (rest: object): ExpectedChange => ({ requests: /receipt/, why: 'a test', ...rest }) as ExpectedChange

describe('finds a difference', () => {
  test.each<[string, object, object, string[]]>([
    ['in a value', { a: 1 }, { a: 2 }, ['/body/a']],
    ['in a new member', { a: 1 }, { a: 1, b: 1 }, ['/body/b']],
    ['in a removed member', { a: { b: null } }, { a: {} }, ['/body/a/b']],
    ['in the number of items', { a: [1] }, { a: [1, 2] }, ['/body/a/1']],
    [
      'in the order of metadata',
      { metadata: { a: 1, b: 2 } },
      { metadata: { b: 2, a: 1 } },
      ['/body/metadata (its order)'],
    ],
    ['but none in equal content', { a: 1, b: [{}] }, { b: [{}], a: 1 }, []],
  ])('%s', (_what, before, after, members) => {
    expect(differencesFor(answered(before), answered(after)).members).toEqual(members)
  })

  test('in the wording of a problem, unless texts are left out', () => {
    const problem = (detail: string, pointer = '/a') =>
      answered({ type: 'urn:x', title: detail, status: 400, detail, errors: [{ pointer, detail }] })
    expect(differencesFor(problem('old'), problem('new')).members).toHaveLength(3)
    expect(differencesFor(problem('old'), problem('new'), [], false).members).toEqual([])
    expect(differencesFor(problem('old'), problem('new', '/b'), [], false).members).toEqual(['/body/errors/0/pointer'])
  })

  test('in the links of a page, and in the foreign text that it shows', () => {
    const html = { 'content-type': 'text/html; charset=utf-8' }
    const page = (text: string) => answered(text, 'page', html)
    const before = page('<a href="/a">Old words</a><bdi>Zo&amp;</bdi><script src="/assets/viewer-1a.js">')
    expect(
      differencesFor(before, page('<script src="/assets/viewer-2b.js"><p>New</p><bdi>Zo&amp;</bdi><a href="/a">'))
        .members,
    ).toEqual([])
    expect(
      differencesFor(before, page('<a href="/b">Old words</a><bdi>Zo</bdi><script src="/assets/viewer-1a.js">'))
        .members,
    ).toEqual(['/body/links', '/body/shown'])
  })

  test('in the request, if it is no longer the recorded one', () => {
    expect(differencesFor(answered({}), { ...answered({}), request: 'other' }).members).toEqual(['request'])
  })
})

describe('an expected change', () => {
  const receipt = { fate: 'refused', links: { book: '/books/1' } }
  const toStatus = change({ member: '/body/**/fate', renamed: 'status' })
  const toRejected = change({ member: '/body/**/status', from: 'refused', to: 'rejected' })

  test.each<[string, object, object, ExpectedChange[]]>([
    ['a renamed member', receipt, { ...receipt, fate: undefined, status: 'refused' }, [toStatus]],
    [
      'a renamed member with another value',
      receipt,
      { links: receipt.links, status: 'rejected' },
      [toStatus, toRejected],
    ],
    [
      'a value deep inside',
      { data: [{ counts: { refused: 1 } }] },
      { data: [{ counts: { rejected: 1 } }] },
      [change({ member: '/body/data/*/counts/refused', renamed: 'rejected' })],
    ],
    [
      'a part of a text',
      receipt,
      { ...receipt, links: { book: '/ledger/1' } },
      [change({ member: '/body/links/*', from: /^\/books/, to: '/ledger' })],
    ],
    [
      'a path',
      receipt,
      { ...receipt, links: { book: '/ledger/1' } },
      [change({ member: 'path', from: '/books', to: '/ledger' })],
    ],
    ['any value', { at: 1, b: 2 }, { at: 17, b: 2 }, [change({ member: '/body/at', from: 1, to: /^\d+$/ })]],
    [
      'a new member',
      { a: [{}, {}] },
      { a: [{ n: 1 }, { n: 1 }] },
      [change({ member: '/body/a/*/n', from: absent, to: 1 })],
    ],
    ['a removed member', { a: 1, b: 2 }, { a: 1 }, [change({ member: '/body/b', from: 2, to: absent })]],
    [
      'the whole answer',
      {},
      { type: 'urn:a' },
      [
        change({
          member: '',
          from: { status: 200, headers: json, body: {} },
          to: { status: 200, headers: json, body: { type: /^urn:/ } },
        }),
      ],
    ],
  ])('%s is no difference, and counts as happened', (_what, before, after, changes) => {
    const moved = changes.some(({ member }) => member === 'path') ? '/ledger' : '/books'
    const compared = differencesFor(answered(before), answered(after, 'receipt', json, moved), changes)
    expect(compared).toEqual({ members: [], happened: changes.length })
  })

  test('can concern a header or a status', () => {
    const before = answered({ a: 1 })
    const after = {
      ...before,
      answers: [{ status: 201, headers: { 'content-type': 'application/x+json' }, body: '{"a":1}' }],
    }
    const changes = [
      change({ member: '/status', from: 200, to: 201 }),
      change({ member: '/headers/content-type', from: /json/, to: 'x+json' }),
    ]
    expect(differencesFor(before, after, changes)).toEqual({ members: [], happened: 2 })
  })

  test('is a difference if it did not happen, or if more changed than expected', () => {
    expect(differencesFor(answered(receipt), answered(receipt), [toStatus])).toEqual({
      members: ['/body/status', '/body/fate'],
      happened: 0,
    })
    expect(
      differencesFor(answered(receipt), answered({ status: 'rejected', links: {} }), [toStatus, toRejected]).members,
    ).toEqual(['/body/links/book'])
  })

  test('has not happened if it concerns no answer', () => {
    const others = [
      change({ requests: 'list', member: '/status', from: 200, to: 201 }),
      change({ way: 'other', member: '/status', from: 200, to: 201 }),
      change({ member: '/body/none', from: 1, to: 2 }),
    ]
    expect(differencesFor(answered(receipt), answered(receipt), others)).toEqual({ members: [], happened: 0 })
  })

  test('of a path leads the request to the new path', () => {
    const request = { name: 'receipt of books', to: 'query', path: '/books?x=1' } as const
    expect(redirected(request, 'w', [change({ member: 'path', from: '/books', to: '/ledger' })])).toBe('/ledger?x=1')
    expect(
      redirected(request, 'w', [change({ requests: 'other', member: 'path', from: '/books', to: '/ledger' })]),
    ).toBe('/books?x=1')
  })
})

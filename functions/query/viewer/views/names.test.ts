import { describe, expect, test } from 'vitest'
import { actionsOf, also, exactAction, isChosen, isExcluded, notAction, usersOf, without } from './names.ts'
import { apiHref, href, listParameters, viewOf } from './view.ts'

const at = (query: string) => viewOf(new URLSearchParams(query))
const nasty = ['!a', 'a,b', 'a*', 'a\\', '\\!', '!', '!!', ',', 'a\\,b', 'ümlaut 🙂']

describe('actions in a filter', () => {
  test.each([
    ['', []],
    ['login', ['login']],
    ['login,cart.*,!logout', ['login', 'cart.*', '!logout']],
    ['a\\,b,c', ['a\\,b', 'c']],
    ['a\\\\,b', ['a\\\\', 'b']],
    ['a\\', ['a\\']],
  ])('%j', (action, parts) => {
    expect(actionsOf({ action })).toEqual(parts)
  })

  test.each(nasty)('%j can be chosen, left out and removed again', (name) => {
    const chosen = { action: also({ action: 'other' }, 'action', name) ?? '' }
    expect(actionsOf(chosen)).toEqual(['other', exactAction(name)])
    expect([isChosen(chosen, 'action', name), isExcluded(chosen, name)]).toEqual([true, false])
    expect(without(chosen, 'action', exactAction(name))).toBe('other')
    const out = { action: notAction({}, name) ?? '' }
    expect([isChosen(out, 'action', name), isExcluded(out, name)]).toEqual([false, true])
    expect(without(out, 'action', `!${exactAction(name)}`)).toBeUndefined()
    expect(also(out, 'action', name)).toBe(exactAction(name))
  })

  test.each([
    [undefined, '!login'],
    ['login', '!login'],
    ['login,logout', 'logout'],
    ['log*', 'log*,!login'],
    ['!logout', '!logout,!login'],
    ['!login', '!login'],
  ])('not login, beside %s, is %s', (action, expected) => {
    expect(notAction(action === undefined ? {} : { action }, 'login')).toBe(expected)
  })
})

test('several users are repeated in links, and read again', () => {
  const view = at('userId=ann&userId=Doe%2C+Jane&userId=&action=login')
  expect(usersOf(view)).toEqual(['ann', 'Doe, Jane'])
  expect(href(view)).toBe('/?userId=ann&userId=Doe%2C+Jane&action=login')
  expect(apiHref('/logs', { userId: also(view, 'userId', 'zoe') })).toBe(
    '/logs?userId=ann&userId=Doe%2C+Jane&userId=zoe',
  )
  expect(without(view, 'userId', 'ann')).toBe('Doe, Jane')
})

test.each([
  ['q=x', '1970-01-01T00:00:00Z'],
  ['q=x&action=!login', '1970-01-01T00:00:00Z'],
  ['q=x&action=!login,cart.*', undefined],
  ['q=x&action=%5C!login', undefined],
  ['q=x&userId=ann', undefined],
  ['q=x&to=2024-01-01T00:00:00Z', undefined],
  ['userId=ann', undefined],
])('a search for text begins at the oldest activity unless another filter is beside it: %s', (query, from) => {
  expect(listParameters(at(query))['from']).toBe(from)
})

test('a metadata filter may ask for an empty text, while an empty field asks for nothing', () => {
  expect(at('metadata.x=&q=&userId=+')).toEqual({ 'metadata.x': '' })
})

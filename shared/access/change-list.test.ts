import { expect, test } from 'vitest'
import { emptyAccessList, readAccessList } from './access-list.ts'
import { addKey, rotateKey } from './change-list.ts'

const now = new Date('2026-12-31T12:00:00Z')
const until = new Date('2027-01-01T12:00:00Z')

test.each([
  ['at a leap second before the end of the rotation', '2026-12-31T23:59:60Z', '2026-12-31T23:59:60Z'],
  ['before the end of the rotation', '2026-12-31T20:00:00+01:00', '2026-12-31T20:00:00+01:00'],
  ['after it', '2027-06-30T23:59:60Z', until.toISOString()],
])('a rotation prolongs no key: it expires %s', (_what, expires, ends) => {
  const wanted = { name: 'backend', tenant: 'acme', scopes: ['read' as const], expires }
  const { list, key } = addKey(emptyAccessList, wanted, now)
  const [former, next] = rotateKey(list, key.id, { now, until })?.list.keys ?? []
  expect([former?.expires, next?.expires]).toEqual([ends, expires])
})

test('a key that has expired is not replaced, since the new one would have expired, too', () => {
  const wanted = { name: 'backend', tenant: 'acme', scopes: ['read' as const], expires: now.toISOString() }
  const { list, key } = addKey(emptyAccessList, wanted, new Date('2026-12-01T12:00:00Z'))
  expect(rotateKey(list, key.id, { now, until })).toBeUndefined()
  expect(rotateKey(list, key.id, { now: new Date(now.getTime() - 1), until })).toBeDefined()
})

test('of keys that are replaced one after another, each expires when its own rotation ends, and the last one never', () => {
  const first = addKey(emptyAccessList, { name: 'backend', tenant: 'acme', scopes: ['read'] }, now)
  const second = rotateKey(first.list, first.key.id, { now, until })
  const later = new Date('2027-01-02T12:00:00Z')
  const third = rotateKey(second?.list ?? first.list, second?.key.id ?? '', { now, until: later })
  expect(third?.list.keys.map(({ expires, replacedBy }) => [expires, replacedBy])).toEqual([
    [until.toISOString(), second?.key.id],
    [later.toISOString(), third?.key.id],
    [undefined, undefined],
  ])
})

test('a key that was replaced is not replaced again: what replaced it then would expire with it', () => {
  const { list, key } = addKey(emptyAccessList, { name: 'backend', tenant: 'acme', scopes: ['read'] }, now)
  const rotated = rotateKey(list, key.id, { now, until })?.list ?? list
  expect(rotateKey(rotated, key.id, { now, until })).toBeUndefined()
  // a running log reads it
  expect(readAccessList(JSON.stringify(rotated))).toEqual(rotated)
})

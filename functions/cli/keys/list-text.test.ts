import { emptyAccessList } from '@activity-log/shared/access/access-list.ts'
import { addKey } from '@activity-log/shared/access/change-list.ts'
import { expect, test } from 'vitest'
import { listJson, listText } from './list-text.ts'

const made = new Date('2026-12-31T00:00:00Z')
const now = new Date('2027-01-02T00:00:00Z')
const aKey = (change: object) =>
  addKey(emptyAccessList, { name: 'backend', tenant: 'acme', scopes: ['read'], ...change }, made).list

test('a key that expired at a leap second has expired', () => {
  const list = aKey({ expires: '2026-12-31T23:59:60Z' })
  expect(listText(list, now)).toContain('  expired  ')
  expect(JSON.parse(listJson(list, now))).toMatchObject([{ state: 'expired' }])
  const future = aKey({ notBefore: '2027-06-30T23:59:60Z' })
  expect(listText(future, now)).toContain('  not valid yet  ')
})

test('no name makes another row, or changes what the terminal shows', () => {
  const text = listText(aKey({ name: 'a\nb\u001b[2K\u202ec\ud800' }), now)
  expect(text.split('\n')).toHaveLength(2)
  expect(text).toContain('a\\u{a}b\\u{1b}[2K\\u{202e}c\\u{d800}')
  const hidden = { ...aKey({ tenant: 'acme\u200b' }), suspended: ['\u202eemca'] }
  expect(listText(hidden, now)).toContain('acme\\u{200b}')
  expect(listText(hidden, now)).toContain('Suspended tenants: \\u{202e}emca')
})

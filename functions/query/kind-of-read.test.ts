import { silent } from '@activity-log/shared/testing/builders.ts'
import { openTestStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { expect, test } from 'vitest'
import { createApp } from './app.ts'

const { kindOf } = createApp({ store: openTestStore(), log: silent, now: () => new Date() })

test.each([
  ['/logs', 'reads'],
  ['/logs?userId=ann&action=cart.*&limit=50', 'reads'],
  ['/logs?userId=what!%20now', 'reads'],
  ['/logs?limit=5&from=2026-01-01T00%3A00%3A00Z', 'reads'],
  ['/stats?by=action', 'reads'],
  ['/', 'pages'],
  ['/viewer/users?tenant=a', 'pages'],
  ['/logs?q=ann', 'searches'],
  ['/logs?limit=5&%71=ann', 'searches'],
  ['/logs?metadata.cart.id=7', 'searches'],
  ['/logs?%6detadata%2Eid=7', 'searches'],
  ['/stats?by=action&action=!cart.*', 'searches'],
  ['/stats?by=action&action=login%2C%21cart.view', 'searches'],
  ['/?tenant=a&q=b#c', 'searches'],
  ['/viewer/users?metadata.id=7', 'searches'],
  ['/logs?q=ann&count=exact', 'counts'],
  ['/logs?q=ann&receipt=a&wait=1', 'waits'],
])('%s takes slots of %s', (url, kind) => {
  expect(kindOf('GET', url)).toBe(kind)
})

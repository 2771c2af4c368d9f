import { expect, test } from 'vitest'
import { noCounts } from '../ledger-summary.ts'
import { outcomes } from '../outcome.ts'
import { deadLetterReasons } from './dead-letters.ts'
import { fromStoredCounts, fromStoredName, toStoredCounts, toStoredName } from './stored-names.ts'

test('databases in use have other names, and every name comes back', () => {
  expect(toStoredName('rejected')).toBe('refused')
  for (const name of [...outcomes, ...deadLetterReasons]) expect(fromStoredName(toStoredName(name))).toBe(name)
})

test('counts are stored under those names', () => {
  const counts = { ...noCounts, stored: 2, rejected: 3 }
  expect(toStoredCounts(counts)).toMatchObject({ stored: 2, duplicate: 0, refused: 3 })
  expect(fromStoredCounts(toStoredCounts(counts))).toEqual(counts)
})

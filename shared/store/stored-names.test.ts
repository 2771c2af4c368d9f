import { expect, test } from 'vitest'
import { noCounts } from '../ledger-summary.ts'
import { outcomes } from '../outcome.ts'
import { deadLetterReasons } from './dead-letters.ts'
import { fromStoredCounts, fromStoredName, toStoredCounts, toStoredName } from './stored-names.ts'

test('every name is read back, including those that databases store under another name', () => {
  expect(toStoredName('rejected')).toBe('refused')
  for (const name of [...outcomes, ...deadLetterReasons]) expect(fromStoredName(toStoredName(name))).toBe(name)
})

test('counts are stored under the stored names', () => {
  const counts = { ...noCounts, stored: 2, rejected: 3 }
  expect(toStoredCounts(counts)).toMatchObject({ stored: 2, duplicate: 0, refused: 3 })
  expect(fromStoredCounts(toStoredCounts(counts))).toEqual(counts)
})

import { anActivity } from '@activity-log/shared/testing/builders.ts'
import { expect, test } from 'vitest'
import type { Attempt, History } from './history.ts'
import {
  answeredWithin,
  deliveriesAnsweredWithin,
  everythingIsTaken,
  excessIsToldWithin,
  pagesShowNothingTwice,
  type Requirement,
  receiptsNameWhatIsThere,
  stopsCutNothingOff,
} from './requirements.ts'

const attempt = (changes: Partial<Attempt>): Attempt => ({
  id: 'a',
  activity: anActivity(),
  to: 'ingest',
  sentAt: 0,
  endedAt: 10,
  outcome: 'ok',
  ...changes,
})
const rules = (requirement: Requirement, history: Partial<History>) =>
  requirement({ attempts: [], reads: [], faults: [], namedNothing: [], ...history }).map(({ rule }) => rule)
const read = { of: 'page' as const, sentAt: 0, endedAt: 10, status: 200, twice: [] }

test('finds a late answer of ingest or query', () => {
  expect(rules(answeredWithin(20), { attempts: [attempt({})], reads: [read] })).toEqual([])
  expect(rules(answeredWithin(20), { attempts: [attempt({ endedAt: 21 })] })).toEqual(['late'])
  expect(rules(answeredWithin(20), { reads: [{ ...read, endedAt: 21 }] })).toEqual(['late'])
})

test('finds a request that was in flight at a stop and got no answer', () => {
  const faults: History['faults'] = [{ at: 5000, fault: { do: 'signal', part: 'ingest', signal: 'SIGTERM' } }]
  const underWay = { sentAt: 3000, endedAt: 5200 }
  expect(
    rules(stopsCutNothingOff, { faults, attempts: [attempt({ ...underWay, outcome: 'unknown', unanswered: true })] }),
  ).toEqual(['cut off'])
  expect(rules(stopsCutNothingOff, { faults, attempts: [attempt(underWay)] })).toEqual([])
  expect(
    rules(stopsCutNothingOff, {
      faults,
      attempts: [attempt({ sentAt: 4900, endedAt: 5200, outcome: 'unknown', unanswered: true })],
    }),
  ).toEqual([])
  expect(rules(stopsCutNothingOff, { faults, attempts: [attempt({ ...underWay, outcome: 'unknown' })] })).toEqual([])
})

test('finds an activity that was not accepted although nothing was wrong', () => {
  expect(rules(everythingIsTaken, { attempts: [attempt({}), attempt({ outcome: 'unknown' })] })).toEqual([
    'not accepted',
  ])
})

test('finds an overload in which no request was rejected immediately', () => {
  const late = attempt({ outcome: 'unknown', endedAt: 5000 })
  expect(rules(excessIsToldWithin(1000), { attempts: [late] })).toEqual(['unbounded'])
  expect(rules(excessIsToldWithin(1000), { attempts: [late, attempt({ outcome: 'unknown' })] })).toEqual([])
})

test('finds a page that shows one id twice', () => {
  expect(rules(pagesShowNothingTwice, { reads: [{ ...read, twice: ['a'] }] })).toEqual(['duplicated'])
})

test('finds a receipt that names a dead letter before the dead letter exists', () => {
  expect(rules(receiptsNameWhatIsThere, { namedNothing: ['r', 'r'] })).toEqual(['dead letter missing'])
})

test('finds a delivery that persist answers late', () => {
  const late = { ...read, of: 'delivery' as const, endedAt: 21 }
  expect(rules(deliveriesAnsweredWithin(20), { reads: [late] })).toEqual(['late'])
  expect(rules(answeredWithin(20), { reads: [late] })).toEqual([])
})

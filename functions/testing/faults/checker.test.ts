import { anActivity } from '@activity-log/shared/testing/builders.ts'
import { expect, test } from 'vitest'
import { check, type LedgerSummary, type Observed, type Rule } from './checker.ts'
import type { Attempt, Outcome, Poison } from './history.ts'

const activity = (id: string, changes = {}) => anActivity({ id, metadata: { n: 1 }, ...changes })
const attempt = (id: string, outcome: Outcome = 'ok', changes = {}): Attempt => ({
  id,
  activity: activity(id, changes),
  to: 'ingest',
  sentAt: 0,
  endedAt: 1,
  outcome,
})
const row = (id: string, changes = {}) =>
  ({ ...activity(id, changes), recordedAt: '2026-01-01T00:00:00.000Z' }) as Observed['found'][number]
const letter = (id: string, changes = {}, reason = 'conflict') => ({
  id: `letter-${id}`,
  reason,
  body: Buffer.from(JSON.stringify(activity(id, changes))),
})
const ledgerOf = (changes: Partial<LedgerSummary['partitions'][number]> = {}): LedgerSummary => ({
  complete: true,
  partitions: [{ partition: 0, first: 0, last: 1, counts: { stored: 1, duplicate: 1 }, missingCount: 0, ...changes }],
})
const verdict = (attempts: Attempt[], observed: Observed, poison: Poison[] = []) =>
  check({ attempts, poison }, observed)
const rules = (...all: Parameters<typeof verdict>) => verdict(...all).problems.map(({ rule }) => rule)
const nothing: Rule[] = []

test('finds nothing when all is well', () => {
  const attempts = [
    attempt('a', 'unknown'),
    attempt('a'),
    attempt('b', 'unknown'),
    attempt('c', 'rejected'),
    attempt('d', 'unknown'),
  ]
  expect(verdict(attempts, { found: [row('a'), row('d')], ledger: undefined as never })).toMatchObject({
    sent: 4,
    acknowledged: 1,
    rejected: 1,
    unknown: 2,
    found: 2,
    duplicates: 0,
    lost: 0,
    problems: [],
  })
})

test('finds an acknowledged activity that is missing', () => {
  expect(verdict([attempt('a'), attempt('b')], { found: [row('a')], deadLetters: [] })).toMatchObject({
    lost: 1,
    problems: [{ rule: 'lost', about: 'b' }],
  })
})

test('accepts an acknowledged activity that is a dead letter instead', () => {
  expect(rules([attempt('a')], { found: [], deadLetters: [letter('a', {}, 'undelivered')] })).toEqual(nothing)
})

test('finds an activity that is listed twice, whatever the outcome of its request', () => {
  expect(verdict([attempt('a', 'unknown')], { found: [row('a'), row('a')] })).toMatchObject({
    duplicates: 1,
    problems: [{ rule: 'duplicated', about: 'a' }],
  })
})

test('finds an activity that was rejected and is stored anyway', () => {
  expect(rules([attempt('a', 'rejected')], { found: [row('a')] })).toEqual(['rejected but stored'])
})

test('finds an activity that nobody sent', () => {
  expect(rules([], { found: [row('a')] })).toEqual(['never sent'])
})

test.each([
  [{ metadata: { n: 2 } }],
  [{ userId: 'user_124' }],
  [{ action: 'other' }],
  [{ timestamp: '2024-01-15T10:00:00.000Z' }],
])('finds content that differs: %j', (changes) => {
  expect(rules([attempt('a')], { found: [row('a', changes)] })).toEqual(['altered'])
})

test('accepts members that the client left out and the log filled in', () => {
  expect(rules([attempt('a', 'ok', { timestamp: undefined })], { found: [row('a')] })).toEqual(nothing)
})

test('requires a dead letter for the second of two contents under one id', () => {
  const attempts = [attempt('a'), attempt('a', 'ok', { action: 'other' })]
  const found = [row('a')]
  expect(rules(attempts, { found, deadLetters: [] })).toEqual(['lost'])
  expect(rules(attempts, { found, deadLetters: [letter('a', { action: 'other' })] })).toEqual(nothing)
})

test('finds an activity that is both stored and rejected', () => {
  expect(rules([attempt('a')], { found: [row('a')], deadLetters: [letter('a')] })).toEqual(['stored and dead-lettered'])
})

test('finds a poison record that is not among the dead letters', () => {
  const poison = { name: 'no JSON', body: Buffer.from('{') }
  expect(rules([], { found: [], deadLetters: [] }, [poison])).toEqual(['neither rejected nor dead-lettered'])
  const deadLetter = { id: '1', reason: 'rejected', body: Buffer.from('{') }
  expect(rules([], { found: [], deadLetters: [deadLetter] }, [poison])).toEqual(nothing)
})

test('finds a receipt that stays pending', () => {
  expect(rules([], { found: [], receipts: new Map([['r', { status: 'pending', isThere: true }]]) })).toEqual([
    'pending',
  ])
})

test('finds a receipt whose dead letter does not exist', () => {
  const receipts = new Map([['r', { status: 'conflict', isThere: false }]])
  expect(rules([], { found: [], receipts })).toEqual(['dead letter missing'])
})

test('accepts a complete ledger that agrees with Kafka and with the rows', () => {
  const observed = { found: [row('a')], ledger: ledgerOf(), ends: new Map([[0, 2]]) }
  expect(verdict([attempt('a')], observed)).toMatchObject({ complete: true, problems: [] })
})

test.each<[string, LedgerSummary, Map<number, number>]>([
  ['that says that it is incomplete', { ...ledgerOf(), complete: false }, new Map([[0, 2]])],
  ['with a gap', ledgerOf({ last: 2, missingCount: 1 }), new Map([[0, 3]])],
  ['whose counts do not add up', ledgerOf({ last: 2 }), new Map([[0, 3]])],
  ['that knows fewer records than Kafka has', ledgerOf(), new Map([[0, 3]])],
  [
    'that does not know a partition',
    ledgerOf(),
    new Map([
      [0, 2],
      [1, 1],
    ]),
  ],
  ['that does not begin at the first record', ledgerOf({ first: 1, last: 2 }), new Map([[0, 3]])],
  ['with more stored activities than there are rows', ledgerOf({ counts: { stored: 2 } }), new Map([[0, 2]])],
])('finds a ledger %s', (_name, ledger, ends) => {
  const { problems, complete } = verdict([attempt('a')], { found: [row('a')], ledger, ends })
  expect(problems.map(({ rule }) => rule)).toContain('incomplete')
  expect(complete).toBe(false)
})

import { aFolder } from '@activity-log/shared/testing/processes.ts'
import { beforeAll, describe, expect, test } from 'vitest'
import { compare, redirected } from './compare.ts'
import { type Exchange, exchangeAll } from './exchange.ts'
import { compareTexts, type ExpectedChange, expectedChanges } from './expected-changes.ts'
import { readFixture } from './fixtures.ts'
import { requests } from './requests.ts'
import { openSystem } from './state.ts'
import { ways } from './ways.ts'

const recorded = Map.groupBy(readFixture<Exchange & { way: string }>('answers'), ({ way }) => way)
const happened = new Set<ExpectedChange>()
const options = { changes: expectedChanges, compareTexts }

describe.each(Object.entries(ways))('%s', (name, open) => {
  let found: Exchange[]
  const before = recorded.get(name) ?? []

  beforeAll(async () => {
    await using system = openSystem(aFolder())
    await using way = await open(system.apps)
    const pathOf = (request: (typeof requests)[number]) => redirected(request, name, expectedChanges)
    found = await exchangeAll(requests, { system, way, pathOf })
  }, 60_000)

  test('hundreds of requests are answered as they were, but for what somebody wanted', () => {
    expect(before.length).toBeGreaterThan(350)
    const compared = compare(before, found, { way: name, ...options })
    for (const change of compared.happened) happened.add(change)
    expect(compared.differences).toEqual([])
  })

  test.each<[what: string, damaged: (exchange: Exchange) => Exchange]>([
    ['another status', (exchange) => damagedIn(exchange, { status: 299 })],
    [
      'another header',
      (exchange) => damagedIn(exchange, { headers: { ...exchange.answers[0]?.headers, 'x-new': 'x' } }),
    ],
    ['another body', (exchange) => damagedIn(exchange, { body: '{"other":1}' })],
    ['no answer', (exchange) => ({ ...exchange, answers: [] })],
  ])('%s that nobody wanted is a difference', (_what, damaged) => {
    const request = 'query: shows bare'
    const isNear = ({ name }: Exchange) => name.startsWith('query: shows')
    const other = found.filter(isNear).map((exchange) => (exchange.name === request ? damaged(exchange) : exchange))
    const { differences } = compare(before.filter(isNear), other, { way: name, ...options })
    expect(new Set(differences.map((difference) => difference.request))).toEqual(new Set([request]))
  })
})

test('whatever somebody wanted has happened', () => {
  expect(expectedChanges.filter((change) => !happened.has(change))).toEqual([])
})

test('every request has a name of its own', () => {
  const names = requests.map(({ name }) => name)
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
})

function damagedIn(exchange: Exchange, changes: Partial<Exchange['answers'][number]>): Exchange {
  return { ...exchange, answers: exchange.answers.map((answer) => ({ ...answer, ...changes })) }
}

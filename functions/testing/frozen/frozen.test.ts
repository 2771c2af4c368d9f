import { aFolder } from '@activity-log/shared/testing/processes.ts'
import { beforeAll, describe, expect, test } from 'vitest'
import { compare, redirected } from './compare-answers.ts'
import { type Exchange, exchangeAll } from './exchange.ts'
import type { ExpectedChange } from './expected-change.ts'
import { compareTexts, expectedChanges } from './expected-changes.ts'
import { readFixture } from './fixtures.ts'
import { type FolderLine, readFolder } from './frozen-data-folder.ts'
import type { FrozenRequest } from './frozen-request.ts'
import { ways } from './request-ways.ts'
import { requests } from './requests.ts'
import { openSystem } from './state.ts'

const recorded = Map.groupBy(readFixture<Exchange & { way: string }>('answers'), ({ way }) => way)
const happened = new Set<ExpectedChange>()
const differencesIn = (way: string, before: readonly Exchange[], found: readonly Exchange[]) => {
  const compared = compare(before, found, { way, changes: expectedChanges, compareTexts })
  for (const change of compared.happened) happened.add(change)
  return compared.differences
}
const pathBy = (way: string) => (request: FrozenRequest) => redirected(request, way, expectedChanges)

describe.each(Object.entries(ways))('%s', (name, open) => {
  let found: Exchange[]
  const before = recorded.get(name) ?? []

  beforeAll(async () => {
    await using system = openSystem(aFolder())
    await using way = await open(system.apps)
    found = await exchangeAll(requests, { system, way, pathOf: pathBy(name) })
  }, 60_000)

  test('answers hundreds of requests as recorded, except for expected changes', () => {
    expect(before.length).toBeGreaterThan(350)
    expect(differencesIn(name, before, found)).toEqual([])
  })

  test.each<[what: string, damaged: (exchange: Exchange) => Exchange]>([
    ['another status', (exchange) => damagedIn(exchange, { status: 299 })],
    [
      'another header',
      (exchange) => damagedIn(exchange, { headers: { ...exchange.answers[0]?.headers, 'x-new': 'x' } }),
    ],
    ['another body', (exchange) => damagedIn(exchange, { body: '{"other":1}' })],
    ['no answer', (exchange) => ({ ...exchange, answers: [] })],
  ])('finds %s that nobody expected', (_what, damaged) => {
    const request = 'query: shows bare'
    const isNear = (exchange: Exchange) => exchange.name.startsWith('query: shows')
    const other = found.filter(isNear).map((exchange) => (exchange.name === request ? damaged(exchange) : exchange))
    const differences = differencesIn(name, before.filter(isNear), other)
    expect(new Set(differences.map((difference) => difference.request))).toEqual(new Set([request]))
  })
})

describe('a data folder of the recorded version', () => {
  const way = 'from a data folder'
  const before = readFixture<Exchange>('data-folder-answers')

  test('opens, and lists everything as before', async () => {
    expect(before.length).toBeGreaterThan(60)
    const found = await readFolder(readFixture<FolderLine>('data-folder'), pathBy(way))
    expect(differencesIn(way, before, found)).toEqual([])
  })

  test('has a few hundred activities, dead letters of every reason and state, and gaps', () => {
    const bodyOf = (name: string) => JSON.parse(String(before.find((one) => one.name === name)?.answers[0]?.body))
    expect(bodyOf('query: kept: page 1').total).toBeGreaterThan(500)
    const letters: { reason: string; state: string }[] = bodyOf('query: kept: dead letters').data
    expect(new Set(letters.map(({ reason }) => reason)).size).toBe(3)
    expect(new Set(letters.map(({ state }) => state)).size).toBe(3)
    const partitions: { missingCount: number; writtenOff: number }[] = bodyOf('query: kept: books').partitions
    expect(partitions.some(({ missingCount }) => missingCount > 0)).toBe(true)
    expect(partitions.some(({ writtenOff }) => writtenOff > 0)).toBe(true)
  })
})

test('every expected change has happened', () => {
  const here = expectedChanges.filter(({ way }) => way !== 'from MongoDB')
  expect(here.filter((change) => !happened.has(change))).toEqual([])
})

test('gives every request a name of its own', () => {
  const names = requests.map(({ name }) => name)
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
})

function damagedIn(exchange: Exchange, changes: Partial<Exchange['answers'][number]>): Exchange {
  return { ...exchange, answers: exchange.answers.map((answer) => ({ ...answer, ...changes })) }
}

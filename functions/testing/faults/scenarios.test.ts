import { expect, test } from 'vitest'
import { randomFrom } from '../seeded-random.ts'
import { readCrashAt } from './crash-points.ts'
import { mutants } from './mutant-list.ts'
import { detectedBy } from './mutations.ts'
import type { Scenario } from './scenarios/scenario.ts'
import { loadOf, scenarios } from './scenarios.ts'

const planned = (scenario: Scenario, seed: number) => {
  const random = randomFrom(`${scenario.name}/${seed}`)
  return { plan: scenario.plan({ random, ms: 6000 }), setup: scenario.setup?.(random) }
}

test('gives each scenario a name of its own', () => {
  expect(new Set(scenarios.map(({ name }) => name)).size).toBe(scenarios.length)
})

test.each(scenarios)('$name: the same seed gives the same faults', (scenario) => {
  expect(planned(scenario, 1)).toEqual(planned(scenario, 1))
})

test.each(scenarios.filter(({ setup }) => setup))('$name crashes only at points that exist', (scenario) => {
  for (const points of Object.values(planned(scenario, 1).setup?.crashes ?? {})) {
    for (const point of points ?? []) expect(() => readCrashAt(point)).not.toThrow()
  }
})

test('covers every row of the fault matrix that is possible with real servers', () => {
  // these need a fake server (9, 10, 18), a failing disk (22), transactions (29), an emptied topic (30) or a clock
  // (31), or are tests of ingest (32, 33)
  const elsewhere = [9, 10, 18, 22, 29, 30, 31, 32, 33]
  const rows = new Set([...scenarios.flatMap(({ rows }) => rows), ...elsewhere])
  expect(Array.from({ length: 40 }, (_, n) => n + 1).filter((row) => !rows.has(row))).toEqual([])
})

test('runs about a dozen scenarios in the short campaign, over Kafka and in one process', () => {
  const short = scenarios.filter((scenario) => scenario.short)
  expect(short.length).toBeLessThanOrEqual(14)
  expect(new Set(short.map(({ on }) => on))).toEqual(new Set(['real', 'embedded']))
})

test('has a scenario that notices each missing safeguard', () => {
  expect(Object.keys(detectedBy).toSorted()).toEqual(mutants.map(({ name }) => name).toSorted())
  const names = Object.values(detectedBy).flatMap((by) => (by === 'power loss' ? [] : by))
  expect(names.filter((name) => !scenarios.some((scenario) => scenario.name === name))).toEqual([])
})

test('sends its load for as long as the leaders move', () => {
  const scenario = scenarios.find(({ name }) => name === 'leader-moves')!
  expect(loadOf(scenario, { events: 1000, moves: 200 }).seconds).toBeGreaterThanOrEqual(200)
})

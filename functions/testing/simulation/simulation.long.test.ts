import { expect, test } from 'vitest'
import { simulate } from './simulate.ts'
import { safeguards } from './simulated-processes.ts'

/** Each safeguard is missed within 20 seeds. `.ci/run` simulates more. */
const seeds = 100
/** This is long enough for a busy machine; on an idle one a seed takes about twenty milliseconds. */
const timeout = 240_000

test('loses nothing, duplicates nothing and leaves nothing unreported, whatever the seed', { timeout }, async () => {
  const broken: string[] = []
  for (let seed = 1; seed <= seeds; seed++) {
    const { violations } = await simulate(seed)
    if (violations.length > 0) broken.push(`npm run system -- simulation --seed ${seed}: ${violations[0]}`)
  }
  expect(broken).toEqual([])
})

test('repeats a run exactly, because the seed decides everything', { timeout }, async () => {
  for (const seed of [1, 2, 3, 4711]) expect((await simulate(seed)).trace).toEqual((await simulate(seed)).trace)
  expect((await simulate(1)).hash).not.toBe((await simulate(2)).hash)
})

test.each(safeguards)('finds a broken promise without "%s"', { timeout }, async (without) => {
  for (let seed = 1; seed <= seeds; seed++) if ((await simulate(seed, { without })).violations.length > 0) return
  throw new Error(`none of ${seeds} seeds shows it`)
})

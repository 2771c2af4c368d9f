import { expect, test } from 'vitest'
import { allSteps, inOneStep, inSteps, pausesBetween, type Steps } from './steps.ts'

function* counting(done: number[]): Steps<string> {
  for (let n = 0; n < 5; n++) {
    yield
    done.push(n)
  }
  return yield* inOneStep(() => 'done')
}

test('without a pause the result is there at once', () => {
  expect(allSteps(counting([]))).toBe('done')
  expect(inSteps(counting([]), () => undefined)).toBe('done')
})

test('the parts wait wherever there is a pause', async () => {
  const done: number[] = []
  let asked = 0
  const result = inSteps(counting(done), () => (++asked % 2 ? undefined : Promise.resolve()))
  expect(done).toEqual([0])
  expect(await result).toBe('done')
  expect([done, asked]).toEqual([[0, 1, 2, 3, 4], 6])
})

test('a pause that fails ends the work', async () => {
  const done: number[] = []
  let asked = 0
  const pause = () => (++asked === 3 ? Promise.reject(new Error('The client left')) : Promise.resolve())
  await expect(inSteps(counting(done), pause)).rejects.toThrow('The client left')
  expect(done).toEqual([0, 1])
})

test.each([
  ['many small pieces', Array(64).fill(1), [15, 31, 47, 63]],
  ['large pieces', [4_096, 1, 10_000, 1], [0, 2]],
  ['pieces that are large together', [2_000, 2_000, 2_000, 3_000], [2]],
])('there is a pause after %s', (_what, pieces, pauses) => {
  const isPauseDue = pausesBetween()
  const due = pieces.map((bytes) => isPauseDue(bytes))
  expect(due.flatMap((isDue, index) => (isDue ? index : []))).toEqual(pauses)
})

import { randomNumbers } from '@activity-log/shared/random.ts'

/** Random choices from a seed: the same seed makes the same choices. */
export type Random = {
  /** A number from 0 up to 1. */
  next(): number
  /** A whole number, both ends included. */
  between(min: number, max: number): number
  /** True with the given probability. */
  chance(probability: number): boolean
  pick<Choice>(choices: readonly Choice[]): Choice
  shuffled<Item>(items: readonly Item[]): Item[]
}

export function randomFrom(seed: number | string): Random {
  const next = randomNumbers(typeof seed === 'number' ? spread(seed) : hash(seed))
  const between = (min: number, max: number) => min + Math.floor(next() * (max - min + 1))

  return {
    next,
    between,
    chance: (probability) => next() < probability,
    pick: (choices) => choices[between(0, choices.length - 1)] as (typeof choices)[number],
    shuffled(items) {
      const shuffled = [...items]
      for (let last = shuffled.length - 1; last > 0; last--) {
        const other = between(0, last)
        ;[shuffled[last], shuffled[other]] = [
          shuffled[other] as (typeof items)[number],
          shuffled[last] as (typeof items)[number],
        ]
      }
      return shuffled
    },
  }
}

/** Seeds usually count up from 1; spreading them keeps their sequences from overlapping. */
function spread(seed: number): number {
  return Math.imul(seed, 0x9e3779b1)
}

/** The FNV-1a hash. */
function hash(text: string): number {
  let hashed = 0x811c9dc5
  for (const byte of Buffer.from(text)) hashed = Math.imul(hashed ^ byte, 0x01000193)
  return hashed
}

import { createGroupCommit } from '@activity-log/shared/group-commit.ts'
import { TooLate } from '@activity-log/shared/within.ts'
import { expect, test } from 'vitest'
import { randomFrom } from '../seeded-random.ts'
import { virtualTime } from './virtual-time.ts'

/** Callers arrive at random moments; commits take random times and may fail. Resolves with the violations. */
async function groupCommitFrom(seed: number): Promise<string[]> {
  using time = virtualTime()
  const { between, chance } = randomFrom(seed)
  const wrong: string[] = []
  const limits = {
    maxItems: between(1, 5),
    maxBytes: between(1, 40),
    maxWaitingItems: between(1, 12),
    maxWaitingBytes: between(1, 80),
    deadlineMs: between(5, 60),
  }
  const after = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms))
  const bytesOf = (items: readonly { bytes: number }[]) => items.reduce((sum, { bytes }) => sum + bytes, 0)
  const givenUp = new Set<number>()
  const underWay = new Set<number>()
  let commits = 0
  let last = -1
  let waiting = 0

  const { add } = createGroupCommit(
    async (items: readonly { number: number; bytes: number }[]) => {
      if (++commits > 1) wrong.push('two commits at the same time')
      waiting -= items.length
      if (items.length === 0 || items.length > limits.maxItems) wrong.push(`${items.length} items in one commit`)
      if (items.length > 1 && bytesOf(items) > limits.maxBytes) wrong.push(`${bytesOf(items)} bytes in one commit`)
      for (const { number } of items) {
        if (givenUp.has(number)) wrong.push(`${number} was committed after it was given up`)
        if (number <= last) wrong.push(`${number} after ${last}`)
        last = number
        underWay.add(number)
      }
      await after(between(0, 20))
      commits--
      if (chance(0.2)) throw new Error('the commit failed')
      return items.map(({ number }) => number)
    },
    { ...limits, sizeOf: ({ bytes }) => bytes },
  )

  let answers = 0
  const count = between(1, 60)
  for (let number = 0; number < count; number++) {
    const bytes = between(1, 20)
    const startedAt = time.now()
    waiting++
    if (waiting > limits.maxWaitingItems + 1) wrong.push(`${waiting} wait`)
    void add({ number, bytes }).then(
      (answered) => {
        answers++
        if (answered !== number) wrong.push(`${number} was answered ${answered}`)
      },
      (error) => {
        answers++
        if (error instanceof TooLate && time.now() < startedAt + limits.deadlineMs)
          wrong.push(`${number} was given up early`)
        if (time.now() > startedAt + limits.deadlineMs) wrong.push(`${number} was answered late`)
        if (underWay.has(number)) return
        // the call has left the queue
        waiting--
        givenUp.add(number)
      },
    )
    await time.settle()
    while (chance(0.5)) await time.step()
  }
  for (let steps = 0; steps < 20 * count; steps++) await time.step()
  if (answers !== count) wrong.push(`${answers} answers for ${count} callers`)
  return wrong
}

test('a group commit stays within its limits, keeps the order, and answers each caller once', async () => {
  for (let seed = 1; seed <= 300; seed++) expect(await groupCommitFrom(seed), `seed ${seed}`).toEqual([])
})

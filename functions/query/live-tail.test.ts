import type { Snapshot } from '@activity-log/shared/snapshot.ts'
import { recorded, silent, until } from '@activity-log/shared/testing/builders.ts'
import { expect, test } from 'vitest'
import { openTail } from './live-tail.ts'

type Found = Awaited<ReturnType<Parameters<typeof openTail>[0]['arrivals']>>

/** A tail of a log with one partition, which finds the same for each range that it reads. */
async function followed(first: Snapshot, found: (offset: number, limit: number) => Found) {
  let latest = first
  let share = 1
  const tail = openTail({
    known: { fresh: async () => ({ latest }), recent: async () => undefined } as never,
    arrivals: async (range) => found(range.first, range.limit),
    log: silent,
    pollMs: 1,
    share: () => share,
  })
  const follower = tail.join()
  const head = await tail.headWithin(5_000)
  if (!head) throw new Error('the head is not known')
  return {
    tail,
    head,
    go: async (to: Snapshot) => {
      latest = to
      await until(() => JSON.stringify(tail.head()) === JSON.stringify(to))
    },
    takeShare: (next: number) => {
      share = next
    },
    [Symbol.dispose]: () => follower[Symbol.dispose](),
  }
}

const everything = { matches: () => true, gone: () => new AbortController().signal }

const upTo = (last: number): Snapshot => [{ partition: 0, last, missing: [] }]

test('whoever follows a tail whose end is unknown waits for it', async () => {
  const log = await followed(upTo(1), () => [])
  log[Symbol.dispose]()
  await until(() => log.tail.head() === undefined)
  const started = performance.now()
  await log.tail.untilNew(log.head, 20)
  expect(performance.now() - started).toBeGreaterThan(15)
})

test('the reads that find nothing for a quiet tenant are forgotten, too', async () => {
  // every second record comes late, and each is a read of its own
  const missing = Array.from({ length: 1_500 }, (_, n) => ({ first: 2 * n, last: 2 * n }))
  using log = await followed([{ partition: 0, last: 3_000, missing }], () => [])
  await log.go(upTo(3_000))
  expect(log.tail.kept(log.head)).toBeUndefined()
})

test('a tail keeps no more than its share, also when others come later', async () => {
  const { activity } = recorded({ metadata: { text: 'x'.repeat(1_000) } })
  const found = (offset: number): Found => [
    { key: `key-${offset}`, activity, position: { partition: 0, offset } } as never,
  ]
  using log = await followed(upTo(0), found)
  await log.go(upTo(1))
  expect(log.tail.kept(log.head)?.events).toHaveLength(1)
  log.takeShare(0.000_1)
  await until(() => log.tail.kept(log.head) === undefined)
  // whoever is there still gets it, by a read of its own
  expect((await log.tail.next(log.head, everything))?.events).toHaveLength(1)
})

test('a follower who is behind reads no row many times, and makes events only of what it wants', async () => {
  const size = 5_000
  const { activity } = recorded({ metadata: { text: 'x'.repeat(250) } })
  let read = 0
  const metadataText = JSON.stringify(activity.metadata)
  const found = (offset: number, limit: number): Found => {
    const rows = Array.from({ length: Math.min(limit, size + 1 - offset) }, (_, n) => offset + n)
    read += rows.length
    return rows.map(
      (n) => ({ key: `${n}`, activity: { ...activity, metadataText }, position: { partition: 0, offset: n } }) as never,
    )
  }
  using log = await followed(upTo(0), found)
  // those who keep up read with larger steps
  await log.go(upTo(size))
  for (const { share, max } of [
    { share: 1, max: 1.5 },
    { share: 100, max: 1.1 },
  ]) {
    read = 0
    const matches = ({ key }: { key: string }) => Number(key) % share === 0
    const offsets: number[] = []
    for (let at = upTo(0); ; ) {
      const batch = await log.tail.next(at, { ...everything, matches })
      if (!batch) break
      offsets.push(...batch.events.map(({ position }) => position.offset))
      at = batch.to as typeof at
      if (at[0]?.last === size) break
    }
    expect(offsets).toEqual(Array.from({ length: Math.floor(size / share) }, (_, n) => (n + 1) * share))
    expect(read).toBeLessThan(max * size)
  }
})

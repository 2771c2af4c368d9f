import { createGroupCommit, QueueFull } from '@activity-log/shared/group-commit.ts'
import { expect, test } from 'vitest'
import { virtualTime } from './virtual-time.ts'

type Item = { owner: string; bytes: number }
type Sender = { owner: string; perMs: number; bytes: number }

/** 500 items, or 512 KiB of them, take 10 ms: 50,000 a second. */
const commitMs = 10
const itemBytes = 600

/** Sends for a while, and resolves with what became of the items of each owner. */
async function send(senders: readonly Sender[], forMs: number, isFair = true) {
  using time = virtualTime()
  const { add } = createGroupCommit(
    async (items: readonly Item[]) => {
      await new Promise<void>((resolve) => void setTimeout(resolve, commitMs))
      return items
    },
    {
      maxItems: 500,
      maxBytes: 512 * 1024,
      maxWaitingItems: 20_000,
      maxWaitingBytes: 32 * 1024 * 1024,
      sizeOf: ({ bytes }) => bytes,
      ...(isFair && { ownerOf: ({ owner }: Item) => owner }),
      deadlineMs: 5_000,
    },
  )
  const seen = new Map(senders.map(({ owner }) => [owner, { committed: 0, rejected: 0, waits: [] as number[] }]))
  for (let ms = 0; ms < forMs; ms++) {
    for (const { owner, perMs, bytes } of senders) {
      const own = seen.get(owner)!
      const count = Math.floor((ms + 1) * perMs) - Math.floor(ms * perMs)
      for (let n = 0; n < count; n++) {
        const at = time.now()
        void add({ owner, bytes }).then(
          () => {
            own.committed++
            own.waits.push(time.now() - at)
          },
          (error) => {
            if (!(error instanceof QueueFull)) throw error
            own.rejected++
          },
        )
      }
    }
    void setTimeout(() => {}, 1)
    while (time.now() < ms + 1) await time.step()
  }
  return (owner: string) => {
    const { committed, rejected, waits } = seen.get(owner)!
    const sorted = waits.toSorted((a, b) => a - b)
    return { committed, rejected, p99: sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN }
  }
}

const quiet: Sender = { owner: 'quiet', perMs: 0.1, bytes: itemBytes }
const flood: Sender = { owner: 'flood', perMs: 100, bytes: itemBytes }
const large: Sender = { owner: 'large', perMs: 1, bytes: 200_000 }

test('a flood of one tenant costs the others nothing, and the flood is no slower', { timeout: 60_000 }, async () => {
  const alone = await send([quiet], 1_000)
  const unfair = await send([quiet, flood], 1_000, false)
  const fair = await send([quiet, flood], 1_000)
  expect(alone('quiet')).toMatchObject({ rejected: 0 })
  expect(fair('quiet').rejected).toBe(0)
  expect(fair('quiet').p99).toBeLessThanOrEqual(2 * alone('quiet').p99)
  expect(fair('flood').committed).toBeGreaterThanOrEqual(0.99 * unfair('flood').committed)
  // in one queue for all, it would be another story
  expect(unfair('quiet').rejected).toBeGreaterThan(10)
  expect(unfair('quiet').p99).toBeGreaterThan(10 * alone('quiet').p99)
})

test('nor does one of large activities, nor ten floods at once', { timeout: 60_000 }, async () => {
  const ofLarge = await send([quiet, large], 1_000)
  const floods = Array.from({ length: 10 }, (_, n) => ({ ...flood, owner: `flood ${n}`, perMs: 10 }))
  const ofTen = await send([quiet, ...floods], 1_000)
  for (const after of [ofLarge, ofTen]) {
    expect(after('quiet').rejected).toBe(0)
    expect(after('quiet').p99).toBeLessThanOrEqual(2.5 * commitMs)
  }
  const shares = floods.map(({ owner }) => ofTen(owner).committed)
  expect(Math.min(...shares)).toBeGreaterThan(0.9 * Math.max(...shares))
})

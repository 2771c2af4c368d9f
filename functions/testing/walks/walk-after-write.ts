import { createApp } from '@activity-log/query/app.ts'
import type { ActivityStore } from '@activity-log/shared/store/store.ts'
import { type Answer, answerOf, recorded, silent } from '@activity-log/shared/testing/builders.ts'

export type Walks = {
  store: ActivityStore
  runs: number
  /** How long the ledger takes to answer, in milliseconds, in a run. */
  delayMs: (run: number) => number
}

const beside = 20

/**
 * Saves an activity that belongs on a late page, lists the first page, and follows `next` to the end, while 50
 * activities a second arrive at the same time. Returns the runs whose pages lacked the activity, or had one twice.
 */
export async function walkAfterWrites({ store, runs, delayMs }: Walks): Promise<{ wrong: number[]; pinned: number }> {
  let run = 0
  let offset = 0
  const wrong: number[] = []
  let pinned = 0
  const ledger = async () => {
    await new Promise((resolve) => setTimeout(resolve, delayMs(run)))
    return store.ledger()
  }
  const app = createApp({ store: { ...store, ledger }, log: silent, now: () => new Date() })
  const save = (id: string, userId: string, timestamp: string) =>
    store.save([{ ...recorded({ id, userId, timestamp }), position: { partition: 0, offset: offset++ } }])
  const at = (day: number) => new Date(Date.UTC(2024, 0, day)).toISOString()
  let others = 0
  const arriving = setInterval(() => void save(`beside-${others++}`, 'walker', at(3)), beside)
  try {
    for (let n = 0; n < 10; n++) await save(`before-${n}`, 'walker', at(2))
    for (; run < runs; run++) {
      await save(`late-${run}`, `walker-${run}`, at(1))
      await Promise.all([0, 1, 2, 3].map((n) => save(`early-${run}-${n}`, `walker-${run}`, at(4))))
      const { seen, isPinned } = await walk(`/logs?limit=2&userId=walker-${run}&count=none`)
      if (isPinned) pinned++
      if (!seen.includes(`late-${run}`) || new Set(seen).size !== 5 || seen.length !== 5) wrong.push(run)
    }
  } finally {
    clearInterval(arriving)
  }
  return { wrong, pinned }

  async function walk(start: string): Promise<{ seen: string[]; isPinned: boolean }> {
    const seen: string[] = []
    let isPinned = false
    for (let url: string | null = start; url; ) {
      const answer: Answer = await answerOf(await app.request(url))
      if (url === start) isPinned = answer.asOf !== null
      seen.push(...answer.data.map(({ id }) => id))
      url = answer.next
    }
    return { seen, isPinned }
  }
}

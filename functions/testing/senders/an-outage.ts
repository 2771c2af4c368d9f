import { answerOf, until } from '@activity-log/shared/testing/builders.ts'
import { aFolder, startLog } from '@activity-log/shared/testing/processes.ts'

export const records = 100

/**
 * Starts the log, has half of the records sent, kills it, has the others sent while nothing answers, and starts it
 * again. Resolves with the actions that have arrived, once there are as many as records.
 */
export async function throughAnOutage(user: string, open: (port: string) => Promise<Sender>): Promise<string[]> {
  const folder = aFolder()
  const first = await startLog(folder)
  const { port, origin } = new URL(first.origin)
  await using sender = await open(port)
  const actions = async () => {
    const answer = await fetch(`${origin}/logs?limit=1000&userId=${user}`).catch(() => undefined)
    return answer?.ok ? (await answerOf(answer)).data.map(({ action }) => action) : []
  }

  const half = records / 2
  for (let n = 0; n < half; n++) await sender.write(`action ${n}`)
  // one that has arrived shows that the sender is at work
  await until(async () => (await actions()).length > 0)
  first.child.kill('SIGKILL')
  await first.ended
  for (let n = half; n < records; n++) await sender.write(`action ${n}`)

  await using _second = await startLog(folder, { PORT: port })
  await until(async () => (await actions()).length >= records)
  await sender.end()
  return await actions()
}

export type Sender = AsyncDisposable & {
  write: (action: string) => Promise<void> | void
  /** Resolves once nothing is left to send. */
  end: () => Promise<void>
}

/** The actions that each record arrives as, in any order. */
export const allOnce = Array.from({ length: records }, (_, n) => `action ${n}`).toSorted()

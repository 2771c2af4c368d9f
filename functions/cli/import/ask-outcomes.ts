import { setTimeout as wait } from 'node:timers/promises'
import { StartError } from '@activity-log/shared/config.ts'
import * as v from 'valibot'
import { mayPass, type RunningLog, readAnswer } from '../running-log.ts'

/** How long to wait while no outcome becomes known. */
const timeoutMs = 120_000

const Results = v.array(v.object({ status: v.string() }))
type Results = v.InferOutput<typeof Results>

/**
 * Resolves with the outcome of each record, in order: `pending` if it did not become known in time. Calls `onRetry` if
 * the log does not answer.
 */
export async function askOutcomes(
  log: RunningLog,
  receipts: readonly string[],
  onRetry: () => void,
): Promise<string[]> {
  const outcomes: string[] = receipts.map(() => 'pending')
  let deadline = performance.now() + timeoutMs
  for (;;) {
    const open = [...receipts.keys()].filter((index) => outcomes[index] === 'pending')
    if (open.length === 0 || performance.now() > deadline) return outcomes
    const results = await ask(
      log,
      open.map((index) => receipts[index] as string),
    )
    if (!results) onRetry()
    for (const [at, index] of open.entries()) outcomes[index] = results?.[at]?.status ?? 'pending'
    if (results?.some(({ status }) => status !== 'pending')) deadline = performance.now() + timeoutMs
    else await wait(200)
  }
}

async function ask(log: RunningLog, receipts: readonly string[]): Promise<Results | undefined> {
  const response = await fetch(log.url('/receipts?wait=10'), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...log.headers },
    body: JSON.stringify({ receipts }),
  }).catch(() => undefined)
  const answer = response && (await readAnswer(response))
  if (!answer) return undefined
  const { results, detail = '' } = answer
  if (v.is(Results, results) && results.length === receipts.length) return results
  if (mayPass(response.status)) return undefined
  if (response.ok) throw new StartError(`What answers at ${log.origin} is no activity log.`)
  throw new StartError(`The log did not report the outcomes (${response.status}): ${detail}`)
}

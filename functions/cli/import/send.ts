import { setTimeout as wait } from 'node:timers/promises'
import { StartError } from '@activity-log/shared/config.ts'
import type { Line } from './import-requests.ts'

export type Result = {
  index: number
  status: 'accepted' | 'invalid' | 'unavailable'
  id?: string
  errors?: { pointer: string; detail: string }[]
}

/** Sends until each line is accepted or rejected. Sending a line again is safe, because it has an id. */
export async function send(origin: string, lines: Line[]): Promise<{ line: Line; result: Result }[]> {
  const done: { line: Line; result: Result }[] = []
  let rest = lines
  for (let attempt = 1; rest.length > 0; attempt++) {
    const results = await post(origin, rest)
    done.push(
      ...(results ?? []).flatMap((result) =>
        result.status === 'unavailable' ? [] : [{ line: rest[result.index] as Line, result }],
      ),
    )
    if (results) rest = results.flatMap(({ status, index }) => (status === 'unavailable' ? [rest[index] as Line] : []))
    if (rest.length > 0) await wait(Math.min(5000, 100 * 2 ** attempt))
  }
  return done
}

/** Resolves with the result of each line, or with undefined if there was no answer with results. */
async function post(origin: string, lines: Line[]): Promise<Result[] | undefined> {
  const response = await fetch(`${origin}/logs`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: lines.map(({ text }) => text).join('\n'),
  }).catch(() => undefined)
  const answer = (await response?.json().catch(() => undefined)) as { results?: Result[]; detail?: string } | undefined
  if (answer?.results) return answer.results
  if (response && response.status < 500)
    throw new StartError(`The log rejected the request (${response.status}): ${answer?.detail ?? ''}`)
  return undefined
}

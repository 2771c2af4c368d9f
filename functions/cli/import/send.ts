import { setTimeout as wait } from 'node:timers/promises'
import { StartError } from '@activity-log/shared/config.ts'
import * as v from 'valibot'
import { mayPass, readAnswer, rejection } from '../running-log.ts'

export type PostTarget = { url: string; headers: { readonly [name: string]: string } }
export type SentLine = { number: number; bytes: Uint8Array }

const Result = v.object({
  index: v.number(),
  status: v.picklist(['accepted', 'invalid', 'unavailable']),
  receipt: v.optional(v.string()),
  errors: v.optional(v.array(v.object({ pointer: v.string(), detail: v.string() }))),
})
export type Result = v.InferOutput<typeof Result>
const Results = v.array(Result)

/**
 * Sends until each line is accepted or rejected, and calls `onRetry` before it sends again. That is safe, because each
 * line has an id.
 */
export async function send(
  target: PostTarget,
  lines: SentLine[],
  onRetry: () => void,
): Promise<{ line: SentLine; result: Result }[]> {
  const done: { line: SentLine; result: Result }[] = []
  let rest = lines
  for (let attempt = 1; ; attempt++) {
    const results = await post(target, rest)
    done.push(
      ...(results ?? []).flatMap((result) =>
        result.status === 'unavailable' ? [] : [{ line: rest[result.index] as SentLine, result }],
      ),
    )
    if (results) {
      rest = results.flatMap(({ status, index }) => (status === 'unavailable' ? [rest[index] as SentLine] : []))
    }
    if (rest.length === 0) break
    onRetry()
    await wait(Math.min(5000, 100 * 2 ** attempt))
  }
  return done
}

/** Resolves with the result of each line, or with undefined if there was no answer with results. */
async function post({ url, headers }: PostTarget, lines: SentLine[]): Promise<Result[] | undefined> {
  const newline = Buffer.from('\n')
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson', ...headers },
    body: Buffer.concat(lines.flatMap(({ bytes }) => [bytes, newline])),
  }).catch(() => undefined)
  const answer = response && (await readAnswer(response))
  if (!answer) return undefined
  const { results, detail = '' } = answer
  if (v.is(Results, results) && results.length === lines.length && results.every(({ index }, at) => index === at)) {
    return results
  }
  if (mayPass(response.status)) return undefined
  if (response.ok || results !== undefined) throw new StartError(`What answers at ${url} is no activity log.`)
  throw new StartError(`The log rejected the request ${rejection(response.status, detail)}`)
}

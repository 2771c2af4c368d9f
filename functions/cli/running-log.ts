import * as v from 'valibot'
import { ServiceUnavailable } from './service-unavailable.ts'

const isHttp = (text: string) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)

/** The URL of a log. It loses a slash at its end, because paths are appended. */
export const Origin = v.pipe(
  v.string(),
  v.check(isHttp, 'must be a URL such as http://localhost:3000'),
  v.transform((text) => text.replace(/\/$/, '')),
)

export const urlOption = {
  value: 'URL',
  summary: 'the URL of the log',
  schema: v.optional(Origin, 'http://localhost:3000'),
} as const

/** Rejects if no log answers. The message names `option` as the way to choose another log. */
export async function assertLogAnswers(origin: string, option = '--url'): Promise<void> {
  const answered = await fetch(`${origin}/healthz`).catch(() => undefined)
  if (answered?.ok) return
  throw new ServiceUnavailable(
    `No activity log answers at ${origin}. Start one with npm start, or name another with ${option}.`,
  )
}

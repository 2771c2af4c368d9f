import { readKey } from '@activity-log/shared/access/key.ts'
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

/** How to speak to a log that asks for keys. */
export const accessOptions = {
  key: {
    value: 'KEY',
    summary: 'a key of the log; the variable keeps it out of lists of processes',
    schema: v.optional(
      v.pipe(
        v.string(),
        v.check((text) => readKey(text) !== undefined, 'must be a whole key: als_…'),
      ),
    ),
    variable: 'ACTIVITY_LOG_KEY',
  },
  tenant: {
    value: 'NAME',
    summary: 'the tenant, which a key for all tenants has to name',
    schema: v.optional(v.pipe(v.string(), v.nonEmpty('must not be empty'))),
  },
} as const

export type GivenAccess = { key?: string | undefined; tenant?: string | undefined }

/** A log at a URL, with what it asks for. */
export type RunningLog = {
  origin: string
  /** The URL of a path, with the tenant. */
  url(path: string): string
  headers: { readonly [name: string]: string }
}

export function runningLog(origin: string, { key, tenant }: GivenAccess): RunningLog {
  return {
    origin,
    url(path) {
      if (tenant === undefined) return origin + path
      return `${origin}${path}${path.includes('?') ? '&' : '?'}tenant=${encodeURIComponent(tenant)}`
    },
    headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
  }
}

/** Why a log did not do what a command asked for, and what the person who runs it can do. */
export function rejection(status: number, detail: string): string {
  const hint = status === 401 ? ' Set --key, or ACTIVITY_LOG_KEY.' : /^tenant /.test(detail) ? ' Set --tenant.' : ''
  return `(${status}): ${detail}${hint}`
}

/** Whether the same request may be answered otherwise in a moment. */
export const mayPass = (status: number): boolean => status >= 500 || status === 408 || status === 429

/** More than a log answers to a request of 3 MiB, even if it names a mistake in each member of each line. */
const maxAnswerBytes = 16 * 1024 * 1024

/**
 * Reads what a log answers; undefined if the connection broke before its end, so that the outcome is unknown. What a
 * log cannot have answered has no members.
 */
export async function readAnswer(response: Response): Promise<{ results?: unknown; detail?: string } | undefined> {
  const text = await textOf(response).catch(() => undefined)
  if (text === undefined) return undefined
  try {
    const answer: unknown = JSON.parse(text)
    return typeof answer === 'object' && answer !== null ? answer : {}
  } catch {
    return {}
  }
}

/** The text of an answer. It is empty if the answer is too long, since some servers never come to an end. */
async function textOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength
    if (bytes > maxAnswerBytes) return ''
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

/** Rejects if no log answers. The message names `option` as the way to choose another log. */
export async function assertLogAnswers(origin: string, option = '--url'): Promise<void> {
  const answered = await fetch(`${origin}/healthz`).catch(() => undefined)
  if (answered?.ok) return
  throw new ServiceUnavailable(
    `No activity log answers at ${origin}. Start one with npm start, or name another with ${option}.`,
  )
}

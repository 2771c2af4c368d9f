import { type InputError, maxErrors } from '../checked.ts'
import type { Answer } from './answer.ts'

const problems = {
  'invalid-input': { status: 400, title: 'The request is not valid' },
  'too-broad': { status: 400, title: 'The query is too broad' },
  unauthenticated: { status: 401, title: 'The request needs a valid key' },
  forbidden: { status: 403, title: 'The request is not allowed' },
  suspended: { status: 403, title: 'The tenant is suspended' },
  'insufficient-scope': { status: 403, title: 'The key does not allow this' },
  'not-found': { status: 404, title: 'Not found' },
  'method-not-allowed': { status: 405, title: 'The method is not allowed' },
  conflict: { status: 409, title: 'The request conflicts with the current state' },
  'too-large': { status: 413, title: 'The request is too large' },
  misdirected: { status: 421, title: 'The request is for another host' },
  'headers-too-large': { status: 431, title: 'The request headers are too large' },
  'quota-exceeded': { status: 429, title: 'Request cannot be satisfied as assigned quota has been exceeded' },
  'request-timeout': { status: 408, title: 'The request did not arrive in time' },
  'expectation-failed': { status: 417, title: 'The expectation cannot be met' },
  'unsupported-media-type': { status: 415, title: 'The content type or encoding is not supported' },
  'not-implemented': { status: 501, title: 'The method is not known' },
  internal: { status: 500, title: 'Something went wrong on our side' },
  unavailable: { status: 503, title: 'The service is temporarily unavailable' },
  timeout: { status: 504, title: 'The log did not answer in time' },
} as const
/** Its type and title are those of draft-ietf-httpapi-ratelimit-headers-10, section 5.1. */
const quotaExceeded = 'https://iana.org/assignments/http-problem-types#quota-exceeded'
export type ProblemCode = keyof typeof problems

export type ProblemOptions = {
  errors?: readonly InputError[]
  headers?: { [name: string]: string }
  /** Additional members of the answer (RFC 9457, section 3.2). */
  members?: { [name: string]: unknown }
  /** The page where a person can do something about it, under the base path. */
  page?: string
  /** What the log says instead of a detail with values: one line a minute of each fact is written. */
  fact?: string
  cause?: unknown
}

/** An error that a handler throws to answer with `application/problem+json` (RFC 9457). */
export class Problem extends Error {
  override name = 'Problem'
  readonly code: ProblemCode
  readonly options: ProblemOptions

  constructor(code: ProblemCode, detail: string, options: ProblemOptions = {}) {
    super(detail, { cause: options.cause })
    this.code = code
    this.options = options
  }

  get status() {
    return problems[this.code].status
  }

  get title() {
    return problems[this.code].title
  }

  toJson(): string {
    const { errors, members } = this.options
    const { status, title } = this
    const type = this.code === 'quota-exceeded' ? quotaExceeded : `urn:activity-log:problem:${this.code}`
    return JSON.stringify({ type, title, status, detail: this.message, ...(errors && { errors }), ...members })
  }

  toAnswer(): Answer & { headers: { readonly [name: string]: string }; body: string } {
    const headers = { 'content-type': 'application/problem+json', ...this.options.headers }
    return { status: this.status, headers, body: this.toJson() }
  }

  toResponse(): Response {
    const { body, ...init } = this.toAnswer()
    return new Response(body, init)
  }
}

/** Lists as many of the errors as a reader can use. */
export const invalidInput = (errors: readonly InputError[], detail = summary(errors)) =>
  new Problem('invalid-input', detail, { errors: errors.length <= maxErrors ? errors : errors.slice(0, maxErrors) })

/** The outcome of the request is unknown; sending it again with the same id is safe. */
export const unavailable = (
  detail: string,
  cause?: unknown,
  { headers, fact }: Pick<ProblemOptions, 'headers' | 'fact'> = {},
) => new Problem('unavailable', detail, { headers: { 'retry-after': '1', ...headers }, cause, ...(fact && { fact }) })

function summary(errors: readonly InputError[]): string {
  const [first] = errors
  if (!first) return 'The request is not valid.'
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''
  return `${first.pointer === '' ? 'The body' : first.pointer} ${first.detail}${more}`
}

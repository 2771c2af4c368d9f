import { pipeline, Readable } from 'node:stream'
import { promisify } from 'node:util'
import { createGzip, gzip as gzipCallback } from 'node:zlib'
import { accepted } from './accepted.ts'
import { type Answer, contentOf, type OwnHeaders } from './answer.ts'
import { opensLinks } from './answer-to-problem.ts'
import { acceptsPages } from './error-page.ts'
import { Problem } from './problem.ts'
import type { Around, ServiceRequest } from './route.ts'

/** Below this size, compressing would save less than a packet. */
export const minBytes = 1024
const options = { level: 4 }
/** The types of answers that are worth compressing: no answer of these types is compressed already. */
export const compressible = /^(text\/(html|css|javascript)|application\/(problem\+)?json|image\/svg\+xml)\b/

/** Whether the client prefers a compressed answer (RFC 9110, section 12.5.3). */
export function prefersGzip(acceptEncoding: string | undefined): boolean {
  if (acceptEncoding === undefined) return false
  const all = accepted(acceptEncoding)
  const quality = (...names: string[]) => all.find(({ name }) => names.includes(name))?.q
  const identity = quality('identity')
  // a client that wants anything but the plain bytes does not have to name gzip
  const gzip = quality('gzip', 'x-gzip') ?? quality('*') ?? (identity === 0 ? 1 : 0)
  return gzip > 0 && gzip >= (identity ?? 0)
}

/** Compresses a stream. If `parts` fail or the reader stops early, no trailer is written, so nothing looks complete. */
export async function* gzip(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  // an error is thrown by the yield* below
  const compressed = pipeline(
    Readable.from(parts, { objectMode: false, highWaterMark: 1 }),
    createGzip(options),
    () => {},
  )
  yield* compressed
}

/**
 * Compresses answers for clients that prefer it. Routes that stream are left alone: exports compress themselves, and
 * in a live stream each event has to leave at once.
 */
export const withGzip: Around = (handle, { streams }) => {
  if (streams) return handle
  return (request) => {
    const isWanted = prefersGzip(request.header('accept-encoding'))
    if (isWanted)
      return handle(request)
        .catch((error) => problemAnswer(error, request))
        .then((answer) => inCoding(answer, isWanted))
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    return isRead ? handle(request).then((answer) => inCoding(answer, isWanted)) : handle(request)
  }
}

/** A problem may list a thousand errors. Those that are logged, or become a page, are answered elsewhere. */
function problemAnswer(error: unknown, { method, header }: Pick<ServiceRequest, 'method' | 'header'>): Answer {
  const isPage = opensLinks(method) && acceptsPages(header('accept'))
  if (!isPage && error instanceof Problem && error.status < 500) return error.toAnswer()
  throw error
}

/** The answer, compressed if that is wanted and worth it. */
function inCoding(answer: Answer, isWanted: boolean): Answer | Promise<Answer> {
  const { headers, data } = contentOf(answer)
  if (answer.status === 304) return { ...answer, headers: varying(headers, isWanted) }
  if (!compressible.test(headers['content-type'] ?? '')) return answer
  if (typeof data !== 'string' && !(data instanceof Uint8Array)) return answer
  const varied = varying(headers, isWanted)
  const bytes = Buffer.byteLength(data)
  if (!isWanted || bytes < minBytes || compressing + bytes > maxCompressing)
    return { ...answer, headers: varied, body: data }
  compressing += bytes
  return compress(data, options)
    .finally(() => {
      compressing -= bytes
    })
    .then((compressed) => ({
      ...answer,
      headers: { ...varied, 'content-encoding': 'gzip' },
      body: new Uint8Array(compressed),
    }))
}

const compress = promisify(gzipCallback)

/**
 * The bytes of answers that this process compresses at a time. More are sent uncompressed: an answer counts as one that
 * its client has not taken only once it is compressed, and a queue of them would hold any amount of memory.
 */
const maxCompressing = 8 * 1024 * 1024
let compressing = 0

/**
 * The headers of an answer that depends on Accept-Encoding. A strong entity tag names exact bytes (RFC 9110, section
 * 8.8.1), so clients that prefer gzip get a weak one; a 304 has the tag that its 200 would have.
 */
export function varying({ etag, ...headers }: OwnHeaders, isWanted: boolean): OwnHeaders {
  const vary = headers['vary'] === undefined ? 'accept-encoding' : `${headers['vary']}, accept-encoding`
  return { ...headers, ...(etag !== undefined && { etag: isWanted ? etag.replace(/^"/, 'W/"') : etag }), vary }
}

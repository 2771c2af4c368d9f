import { compressible, minBytes, prefersGzip, varying } from '@activity-log/shared/http/gzip.ts'

/**
 * Compresses the answer of a function for a client that prefers it. Between the gateway and the functions nothing is
 * compressed, since fetch decompresses what it gets. A live stream is left alone: each event has to leave at once.
 */
export function compressed(response: Response, acceptEncoding: string | undefined): Response {
  if (!prefersGzip(acceptEncoding)) return response
  const { status, statusText } = response
  const { vary: _vary, ...own } = Object.fromEntries(response.headers)
  const { vary, etag } = varying(own, true)
  const headers = new Headers(response.headers)
  if (etag !== undefined) headers.set('etag', etag)
  if (status === 304) return new Response(null, { status, statusText, headers })
  const type = headers.get('content-type') ?? ''
  const isLarge = Number(headers.get('content-length') ?? minBytes) >= minBytes
  if (!isLarge || !(compressible.test(type) || exported.test(type))) return response
  headers.set('content-encoding', 'gzip')
  headers.delete('content-length')
  if (!/accept-encoding/i.test(headers.get('vary') ?? '')) headers.append('vary', vary as string)
  const body = response.body?.pipeThrough(new CompressionStream('gzip')) ?? null
  return new Response(body, { status, statusText, headers })
}

const exported = /^(text\/csv|application\/x-ndjson)\b/

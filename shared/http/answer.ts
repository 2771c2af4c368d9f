import type { ServerResponse } from 'node:http'

/** An object is answered as JSON. Text and bytes come with a content type of their own; so does a stream. */
export type Answer<Status extends number = number> = {
  status: Status
  headers?: { readonly [name: string]: string }
  body?: object | string | Uint8Array<ArrayBuffer> | ByteStream
}
/** Where an iterable fails, the connection is reset: nobody takes what has arrived for all of it. */
export type ByteStream = ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>

export type OwnHeaders = { readonly [name: string]: string }
type Content = { headers: OwnHeaders; data: string | Uint8Array<ArrayBuffer> | ByteStream | undefined }

export function contentOf({ headers = {}, body }: Answer): Content {
  const isRaw = typeof body !== 'object' || body instanceof Uint8Array || Symbol.asyncIterator in body
  if (isRaw) return { headers, data: body }
  return { headers: { ...headers, 'content-type': 'application/json' }, data: JSON.stringify(body) }
}

/** Node writes headers that come all at once several times faster than those that are set before. */
export function writeAnswer(response: ServerResponse, own: OwnHeaders, answer: Answer): void {
  const { headers, data } = contentOf(answer)
  if (data === undefined) {
    response.writeHead(answer.status, { ...own, ...headers }).end()
    return
  }
  if (typeof data !== 'string' && !(data instanceof Uint8Array)) throw new Error('A stream is not written from here')
  const bytes = Buffer.byteLength(data)
  response.writeHead(answer.status, { ...own, ...headers, 'content-length': bytes })
  if (typeof data !== 'string') response.end(data)
  // ASCII goes out without being looked at once more
  else response.end(data, bytes === data.length ? 'latin1' : 'utf8')
}

import type { ServerResponse } from 'node:http'
import type { Answer, ByteStream } from './route.ts'

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

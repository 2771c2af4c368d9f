import type { ServerResponse } from 'node:http'

/** An object is sent as JSON. For text, bytes and streams, `headers` must contain the content type. */
export type Answer<Status extends number = number> = {
  status: Status
  headers?: { readonly [name: string]: string }
  body?: object | string | Uint8Array<ArrayBuffer> | ByteStream
}
/** If an iterable fails, the connection is reset, so that nobody takes a partial answer for a complete one. */
export type ByteStream = ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>

/** Smaller answers are not counted: there are only so many requests in progress. */
export const countedBytes = 4 * 1024

/**
 * Room for answers until their clients have taken them. `take` returns how to release it, or what to answer instead.
 * Owners share the room.
 */
export type AnswerRoom = { take(bytes: number, owner?: string): { release(): void } | { instead: Answer } }
/** The room, and whose answer it is, if somebody was asked for a key. */
export type RoomOf = { answers: AnswerRoom; owner: string | undefined }

/**
 * The headers of an answer that does not set them otherwise: it may be about people, so no cache keeps it, no page of
 * another origin loads it, and no browser takes it for something else.
 */
export const privateHeaders = {
  'cache-control': 'private, no-store',
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
} as const

export type OwnHeaders = { readonly [name: string]: string }
type Content = { headers: OwnHeaders; data: string | Uint8Array<ArrayBuffer> | ByteStream | undefined }

export function contentOf({ headers = {}, body }: Answer): Content {
  const isRaw = typeof body !== 'object' || body instanceof Uint8Array || Symbol.asyncIterator in body
  if (isRaw) return { headers, data: body }
  return { headers: { ...headers, 'content-type': 'application/json' }, data: JSON.stringify(body) }
}

/** Whether its client has gone. Such an answer would take room for good, since it is closed already. */
export const hasLeft = (response: ServerResponse): boolean => response.req.socket.destroyed

/**
 * Passes all headers to `writeHead`: Node writes them several times faster than headers that were set one by one. An
 * answer for which there is no room becomes a 503.
 */
export function writeAnswer(response: ServerResponse, own: OwnHeaders, answer: Answer, room?: RoomOf): void {
  if (hasLeft(response)) return
  const { headers, data } = contentOf(answer)
  if (data === undefined) {
    response.writeHead(answer.status, { ...own, ...headers }).end()
    return
  }
  if (typeof data !== 'string' && !(data instanceof Uint8Array)) throw new Error('writeAnswer cannot write a stream')
  const bytes = Buffer.byteLength(data)
  if (room && bytes > countedBytes) {
    const taken = room.answers.take(bytes, room.owner)
    if ('instead' in taken) {
      writeAnswer(response, own, taken.instead)
      return
    }
    response.once('close', taken.release)
  }
  response.writeHead(answer.status, { ...own, ...headers, 'content-length': bytes })
  if (typeof data !== 'string') response.end(data)
  // as latin1, ASCII is written without another encoding pass
  else response.end(data, bytes === data.length ? 'latin1' : 'utf8')
}

import { type Answer, answerOf, type HeaderPairs } from './frozen-answer.ts'

export type Received = {
  answers: Answer[]
  /** The beginning of an answer whose body has not ended. */
  begun?: { status: number; headers: HeaderPairs; body: Buffer }
}

/**
 * Reads the answers in the bytes of a connection. `isClosed` means that no more bytes will come, which ends a body
 * without a declared length.
 */
export function readAnswers(bytes: Buffer, isHead: boolean, isClosed: boolean): Received {
  const answers: Answer[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf('\r\n\r\n', at)
    if (end === -1) return { answers }
    const { status, headers } = readHead(bytes.toString('latin1', at, end))
    const rest = bytes.subarray(end + 4)
    const { body, length } =
      isHead || status < 200 || status === 204 || status === 304 ? none : readBody(rest, headers, isClosed)
    if (length === undefined) return { answers, begun: { status, headers, body } }
    answers.push(answerOf(status, headers, body, isHead))
    at = end + 4 + length
  }
  return { answers }
}

const none = { body: Buffer.alloc(0), length: 0 }

function readHead(text: string): { status: number; headers: HeaderPairs } {
  const [first = '', ...lines] = text.split('\r\n')
  const headers = lines.map((line): [string, string] => {
    const [, name = '', value = ''] = /^([^:]*): ?(.*)$/s.exec(line) ?? []
    return [name, value]
  })
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1]), headers }
}

/** `length` is the number of bytes that the body takes on the connection; undefined while the body has not ended. */
function readBody(bytes: Buffer, headers: HeaderPairs, isClosed: boolean): { body: Buffer; length?: number } {
  const header = (name: string) => headers.find(([given]) => given.toLowerCase() === name)?.[1]
  if (header('transfer-encoding') === 'chunked') return readChunks(bytes)
  const declared = header('content-length')
  if (declared === undefined) return isClosed ? { body: bytes, length: bytes.length } : { body: bytes }
  const length = Number(declared)
  return bytes.length < length ? { body: bytes } : { body: bytes.subarray(0, length), length }
}

function readChunks(bytes: Buffer): { body: Buffer; length?: number } {
  const parts: Buffer[] = []
  for (let at = 0; ; ) {
    const end = bytes.indexOf('\r\n', at)
    const size = end === -1 ? Number.NaN : Number.parseInt(bytes.toString('latin1', at, end), 16)
    if (!(end + 2 + size + 2 <= bytes.length)) return { body: Buffer.concat(parts) }
    parts.push(bytes.subarray(end + 2, end + 2 + size))
    at = end + 2 + size + 2
    if (size === 0) return { body: Buffer.concat(parts), length: at }
  }
}

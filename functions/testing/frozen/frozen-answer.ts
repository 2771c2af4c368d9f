import { gunzipSync } from 'node:zlib'

/** A body that is no UTF-8 is in base64. */
export type Answer = {
  status: number
  headers: { [name: string]: string | string[] }
  body: string | { base64: string }
}
export type HeaderPairs = readonly (readonly [name: string, value: string])[]

/** What differs from one run to the next, and says nothing of us. */
const noise = ['date', 'keep-alive']

/** An answer as it is kept: without noise, and its lengths and made-up ids by what they are. */
export function answerOf(status: number, pairs: HeaderPairs, bytes: Buffer, isHead = false): Answer {
  const headers: Answer['headers'] = {}
  for (const [given, value] of pairs) {
    const name = given.toLowerCase()
    if (noise.includes(name) || (name === 'connection' && value === 'keep-alive')) continue
    const shown = shownHeader(name, value, bytes, isHead)
    const before = headers[name]
    headers[name] = before === undefined ? shown : [before, shown].flat()
  }
  return { status, headers, body: bodyOf(headers, bytes) }
}

function shownHeader(name: string, value: string, { byteLength }: Buffer, isHead: boolean): string {
  if (name === 'x-request-id' && /^[\da-f]{8}-\d+$/.test(value)) return '(made)'
  if (name !== 'content-length' || !/^\d+$/.test(value)) return value
  if (isHead) return '(that of GET)'
  return Number(value) === byteLength ? '(that of the body)' : value
}

function bodyOf(
  { 'content-type': type = '', 'content-encoding': encoding }: Answer['headers'],
  bytes: Buffer,
): Answer['body'] {
  // their names have a hash of them
  if (/^text\/(css|javascript)/.test(String(type))) return '(left out)'
  const plain = encoding === 'gzip' && bytes.byteLength > 0 ? gunzipSync(bytes) : bytes
  const text = plain.toString()
  if (!Buffer.from(text).equals(plain)) return { base64: plain.toString('base64') }
  return String(type).includes('version=0.0.4') ? text.replace(/ [\d.e-]+$/gm, ' (a number)') : text
}

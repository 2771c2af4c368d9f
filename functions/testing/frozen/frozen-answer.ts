import { gunzipSync } from 'node:zlib'

/** A body that is not UTF-8 is in base64. */
export type Answer = {
  status: number
  headers: { [name: string]: string | string[] }
  body: string | { base64: string }
}
export type HeaderPairs = readonly (readonly [name: string, value: string])[]

/** Headers that differ between runs and say nothing about the log. */
const noise = ['date', 'keep-alive']

/** An answer in its recorded form: without noise, and with placeholders for lengths and generated ids. */
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
  // the names of these files contain a hash of their content
  if (/^text\/(css|javascript)/.test(String(type))) return '(left out)'
  const plain = encoding === 'gzip' && bytes.byteLength > 0 ? gunzipSync(bytes) : bytes
  const text = plain.toString()
  if (!Buffer.from(text).equals(plain)) return { base64: plain.toString('base64') }
  return String(type).includes('version=0.0.4') ? text.replace(/ [\d.e-]+$/gm, ' (a number)') : text
}

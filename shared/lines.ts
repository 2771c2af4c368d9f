import { isAscii } from 'node:buffer'
import { utf8 } from './cloud-event.ts'
import { partLength, type Steps } from './steps.ts'

/** The place of a line in its bytes, and its number, from 1 on. */
export type Line = { start: number; end: number; number: number }

const newline = 0x0a

/**
 * Returns the lines that are not blank. It stops at one more than the maximum, which shows that there are too many.
 * Blank lines cost a look at each byte: a body may hold millions.
 */
export function* splitLines(bytes: Uint8Array, maxLines: number): Steps<Line[]> {
  const split: Split = { at: 0, number: 1, lines: [] }
  while (splitPart(bytes, split, maxLines)) yield
  return split.lines
}

type Split = { at: number; number: number; lines: Line[] }

/** A plain function is much faster for this than the generator around it. Returns whether more follows. */
function splitPart(bytes: Uint8Array, split: Split, maxLines: number): boolean {
  const { lines } = split
  const end = Math.min(bytes.length, split.at + partLength)
  let { at, number } = split
  while (at < end && lines.length <= maxLines) {
    const byte = bytes[at] as number
    if (byte === newline) {
      number++
      at++
    } else if (isBlank(byte)) {
      at++
    } else if (isMark(bytes, at)) {
      // files with a byte order mark may have been joined
      at += 3
    } else {
      const found = bytes.indexOf(newline, at)
      const to = found === -1 ? bytes.length : found
      lines.push({ start: at, end: to, number: number++ })
      at = to + 1
    }
  }
  split.at = at
  split.number = number
  return at < bytes.length && lines.length <= maxLines
}

const isMark = (bytes: Uint8Array, at: number) => bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf

const isBlank = (byte: number) => byte === 0x20 || byte === 0x09 || byte === 0x0d

/** Returns a function that decodes lines, or returns undefined if one is not valid UTF-8. */
export function decoderOf(bytes: Uint8Array): (line: Line) => string | undefined {
  if (!isAscii(bytes)) return ({ start, end }) => utf8(bytes.subarray(start, end))
  // then no line has to be checked again, or needs a view of its bytes
  const ascii = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return ({ start, end }) => ascii.toString('latin1', start, end)
}

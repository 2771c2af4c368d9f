import { hash } from 'node:crypto'
import { utf8 } from '@activity-log/shared/cloud-event.ts'
import type { Piece } from '@activity-log/shared/pieces.ts'
import { maxPieceBytes } from './read-pieces.ts'

/** A line as it is sent, or why it is not. */
export type Line = { number: number } & ({ bytes: Uint8Array } | { fault: string })

export type LineOptions = {
  unit: 'line' | 'item'
  /** Part of the ids of lines that have none. Undefined if the mapping says where ids are. */
  source: string | undefined
}

/** Turns pieces of a file into lines to send. Blank ones are left out. */
export function createLineReader({ unit, source }: LineOptions): (piece: Piece) => Line | undefined {
  const name = source === undefined ? undefined : hash('sha256', source)

  return ({ number, bytes: piece }) => {
    if (!piece) return { number, fault: `is larger than ${maxPieceBytes} bytes` }
    const bytes = trimmed(piece)
    if (bytes.byteLength === 0 && unit === 'line') return undefined
    const text = utf8(bytes)
    const value = text === undefined ? undefined : parsed(text)
    // an item is sent as a line, which a line end inside of invalid text would cut
    if (unit === 'item' && text !== undefined && value === undefined) return { number, fault: 'is not valid JSON' }
    const line = unit === 'item' ? withoutLineEnds(bytes) : bytes
    if (name === undefined || typeof value !== 'object' || value === null || Array.isArray(value)) {
      return { number, bytes: line }
    }
    const start = Buffer.from(`${name}\n${number}\n`)
    const id = `import-${hash('sha256', Buffer.concat([start, bytes])).slice(0, 32)}`
    return { number, bytes: withId(line, value, id) }
  }
}

const mark = Buffer.from('\ufeff')

/** Removes byte order marks, which joined files have in the middle, and blanks at both ends. */
function trimmed(piece: Uint8Array): Buffer {
  let bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
  while (bytes.subarray(0, 3).equals(mark)) bytes = bytes.subarray(3)
  let [start, end] = [0, bytes.byteLength]
  while (start < end && isBlank(bytes[start])) start++
  while (end > start && isBlank(bytes[end - 1])) end--
  return bytes.subarray(start, end)
}

const isBlank = (byte: number | undefined) => byte === 0x20 || byte === 0x09 || byte === 0x0d || byte === 0x0a

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Replaces line ends by blanks: in valid JSON, every line end is between values. */
const withoutLineEnds = (bytes: Buffer) => bytes.map((byte) => (byte === 0x0a || byte === 0x0d ? 0x20 : byte))

/** Adds an id that is the same in every run, unless there is one. */
function withId(line: Uint8Array, value: object, id: string): Uint8Array {
  const members = value as { id?: unknown }
  if (Object.keys(members).length === 0) return line
  if (!Object.hasOwn(members, 'id')) return Buffer.concat([Buffer.from(`{"id":"${id}",`), line.subarray(1)])
  return members.id === null ? Buffer.from(withoutNullId(Buffer.from(line).toString(), id)) : line
}

const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g

/** Replaces the null of the member `id`, which means that it is absent. */
function withoutNullId(text: string, id: string): string {
  let depth = 0
  let before = ''
  for (const { 0: part, index } of text.matchAll(token)) {
    if (part === '{' || part === '[') depth++
    else if (part === '}' || part === ']') depth--
    else if (part === 'null' && depth === 1 && before === '"id":') {
      return `${text.slice(0, index)}"${id}"${text.slice(index + part.length)}`
    }
    before = part === ':' ? `${before}:` : part
  }
  return text
}

import { hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'

const maxLinesPerRequest = 1000
const maxBytesPerRequest = 3 * 1024 * 1024

export type Line = { number: number; text: string }

/** Splits the lines of a file into requests. `bytesRead` measures the progress. */
export function readRequests(file: string): { requests: AsyncGenerator<Line[]>; bytesRead: () => number } {
  const source = createReadStream(file)
  const text = file.endsWith('.gz') ? source.pipe(createGunzip()) : source
  source.on('error', (error) => text.destroy(error))
  const name = hash('sha256', file.split('/').at(-1) ?? file)
  async function* requests() {
    let lines: Line[] = []
    let bytes = 0
    let number = 0
    for await (const content of createInterface({ input: text, crlfDelay: Number.POSITIVE_INFINITY })) {
      number++
      if (content.trim() === '') continue
      const line = { number, text: withId(content, number, name) }
      const size = Buffer.byteLength(line.text) + 1
      if (lines.length === maxLinesPerRequest || (lines.length > 0 && bytes + size > maxBytesPerRequest)) {
        yield lines
        lines = []
        bytes = 0
      }
      lines.push(line)
      bytes += size
    }
    if (lines.length > 0) yield lines
  }
  return { requests: requests(), bytesRead: () => source.bytesRead }
}

/** Adds an id that is the same in every run. A line that is not a JSON object is left for the log to reject. */
function withId(text: string, number: number, name: string): string {
  const members = objectIn(text)
  if (!members || 'id' in members || Object.keys(members).length === 0) return text
  const id = hash('sha256', `${name}\n${number}\n${text}`).slice(0, 32)
  return text.replace('{', `{"id":"import-${id}",`)
}

function objectIn(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

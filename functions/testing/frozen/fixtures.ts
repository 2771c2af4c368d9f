import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'

/** The code of that commit wrote these files, and nobody edits them. */
const folder = join(import.meta.dirname, '../../../shared/testing/fixtures/820e461')

export function readFixture<Line>(name: string): Line[] {
  const text = gunzipSync(readFileSync(join(folder, `${name}.ndjson.gz`))).toString()
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

export function writeFixture(name: string, lines: readonly object[]): void {
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
  const file = join(folder, `${name}.ndjson.gz`)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, gzipSync(text, { level: 9 }))
}

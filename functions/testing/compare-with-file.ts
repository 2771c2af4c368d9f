import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { run } from '@activity-log/shared/http/run.ts'
import { answerOf } from '@activity-log/shared/testing/builders.ts'

/** Walks the whole log, by cursor and by page number, and compares it byte for byte with the file that was imported. */
async function main() {
  const { positionals } = parseArgs({ allowPositionals: true })
  const [file = '', origin = ''] = positionals
  const bytes = readFileSync(file)
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()
  const expected = text
    .split('\n')
    .filter((line) => line !== '')
    .toSorted()
  for (const way of ['cursor', 'page'] as const) {
    const found = (await walk(origin, way)).toSorted()
    const wrong = found.findIndex((line, index) => line !== expected[index])
    if (found.length !== expected.length || wrong !== -1) {
      throw new Error(
        `By ${way}: found ${found.length} of ${expected.length}. First difference: ${found[wrong]} for ${expected[wrong]}`,
      )
    }
    console.log(`by ${way}: ${found.length} activities, each found once and as it was sent`)
  }
}

async function walk(origin: string, way: 'cursor' | 'page'): Promise<string[]> {
  const lines: string[] = []
  for (let url: string | null = '/logs?limit=1000', page = 1; url; ) {
    const { data, next } = await answerOf(await fetch(origin + url))
    lines.push(...data.map(({ recordedAt: _recordedAt, ...activity }) => JSON.stringify(activity)))
    page++
    url = next && way === 'page' ? `/logs?limit=1000&page=${page}` : next
  }
  return lines
}

run(main)

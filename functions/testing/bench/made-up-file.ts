import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Writes 27,324 made-up activities, one JSON object a line. Returns the path of the file. */
export function madeUpFile(folder: string): string {
  const path = join(folder, 'made-up.ndjson')
  const lines = Array.from({ length: 27_324 }, (_, n) => {
    const timestamp = new Date(Date.UTC(2024, 0, 1) + n * 60_000).toISOString()
    return JSON.stringify({
      id: `made-up-${n}`,
      userId: `user_${n % 500}`,
      action: `action_${n % 7}`,
      timestamp,
      metadata: { n, files: n % 13 },
    })
  })
  writeFileSync(path, lines.join('\n'))
  return path
}

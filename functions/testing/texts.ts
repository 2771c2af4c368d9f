import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { StartError } from '@activity-log/shared/config.ts'
import { run } from '@activity-log/shared/http/run.ts'
import { type Kind, kinds, textsOf } from './source-texts.ts'

const usage = `Usage: npm run system -- texts [KIND…]

Prints every text of the given kinds with its file and line, so that a reader can judge the English in one go.
Without a KIND it prints all of them.

  messages  problems, errors, log lines and help texts
  labels    texts of the viewer
  titles    titles of tests
  comments  comments, also those of manifests and scripts`

const root = join(import.meta.dirname, '../..')
const sources = ['{shared,functions}/**/*.ts', '{knative,functions}/**/*.yaml', '**/Dockerfile', '*.yml', '.ci/*']

async function main() {
  const { values, positionals } = parseArgs({ options: { help: { type: 'boolean' } }, allowPositionals: true })
  if (values.help) return console.log(usage)
  const unknown = positionals.filter((word) => !(kinds as readonly string[]).includes(word))
  if (unknown.length > 0) throw new StartError(`Unknown kind: ${unknown.join(', ')}.\n\n${usage}`)
  const files = globSync(sources, { cwd: root, exclude: (path) => path.includes('node_modules') })
  for (const kind of positionals.length > 0 ? (positionals as Kind[]) : kinds) print(kind, files.toSorted())
}

function print(kind: Kind, files: readonly string[]) {
  const lines = files.flatMap((file) =>
    textsOf(kind, file, readFileSync(join(root, file), 'utf8')).map(({ line, text }) => `${file}:${line}: ${text}`),
  )
  for (const line of lines) console.log(line)
  console.log(`${lines.length} ${kind}\n`)
}

run(main)

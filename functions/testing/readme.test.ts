import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { startCommand } from '@activity-log/shared/testing/processes.ts'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')

type Scripts = { readonly [name: string]: string }
const scriptsOf = (folder: string): Scripts => {
  const file = join(root, folder, 'package.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')).scripts ?? {}) : {}
}

/** The first word of each indented line that a program says of what it has. */
function namesIn(...words: string[]): ReadonlySet<string> {
  const text = execFileSync(process.execPath, words, { cwd: root, encoding: 'utf8' })
  return new Set([...text.matchAll(/^ {2}([a-z][\w-]*)/gm)].map(([, name]) => name!))
}
const wordsAfter: { readonly [script: string]: ReadonlySet<string> } = {
  log: namesIn('functions/cli/main.ts', '--help'),
  system: namesIn('functions/testing/run-system.ts'),
}

const npmCommand = /\bnpm (?:run (?:-s )?([\w:-]+)|(start|test|ci)\b)(?: -w ([\w/-]+))?(?: -- ([\w-]+))?/g

/** The npm commands in a text that do not exist. */
function wrongCommands(text: string): string[] {
  return [...text.matchAll(npmCommand)]
    .filter(([, named, own = '', folder = '', word]) => {
      const script = named ?? own
      if (script === 'ci') return false
      if (!(script in scriptsOf(folder))) return true
      const words = wordsAfter[script]
      return words !== undefined && word !== undefined && /^[a-z]/.test(word) && !words.has(word)
    })
    .map(([command]) => command)
}

const isOurs = (path: string) => !/^(https?:|mailto:|#)/.test(path)

/** The files that a text links to, or names with their folder, and that are not there. */
function wrongPaths(text: string, folder: string): string[] {
  const linked = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, path = '']) => path).filter(isOurs)
  const named = [...text.matchAll(/`((?:functions|shared|knative|\.ci)\/[\w./-]*)`/g)].map(([, path = '']) => path)
  return [
    ...linked.filter((path) => !existsSync(join(root, folder, path.replace(/#.*/, '')))),
    ...named.filter((path) => !existsSync(join(root, path))),
  ]
}

const readmes = globSync('**/README.md', { cwd: root, exclude: (path) => path.includes('node_modules') })

test('the README of the project, of the commands and of the store are read', () => {
  expect(readmes).toEqual(expect.arrayContaining(['README.md', 'functions/cli/README.md', 'shared/store/README.md']))
})

describe.each(readmes)('%s', (file) => {
  const text = readFileSync(join(root, file), 'utf8')

  test('names only npm commands that there are', () => {
    expect(wrongCommands(text)).toEqual([])
  })

  test('names only files that there are', () => {
    expect(wrongPaths(text, dirname(file))).toEqual([])
  })
})

test('a command and a file that are not there are seen', () => {
  const commands = 'npm ci && npm test; npm run log -- import x; npm run log -- --help; npm start -w functions/query'
  expect(wrongCommands(commands)).toEqual([])
  const wrong = ['npm run nothing', 'npm run log -- tomorrow', 'npm run system -- fault', 'npm start -w functions/cli']
  expect(wrongCommands(wrong.join('\n'))).toEqual(wrong)
  expect(
    wrongPaths(
      '[a](main.ts) [b](https://c) [d](#e) `functions/cli/main.ts` [f](no.ts) `shared/no.ts`',
      'functions/cli',
    ),
  ).toEqual(['no.ts', 'shared/no.ts'])
})

test('the scripts that a person types are few enough to be read', () => {
  expect(Object.keys(scriptsOf('')).length).toBeLessThanOrEqual(16)
})

test.each([
  ['npm start -w functions/ingest', 'KAFKA_BROKERS is required'],
  ['npm start -w functions/persist', 'MONGODB_URI is required'],
  ['npm start -w functions/query', 'MONGODB_URI is required'],
  ['npm start -w functions/kafka-source', 'KAFKA_BROKERS is required'],
  ['npm run gateway -w functions/local', 'INGEST_URL is required'],
])('%s starts it: %s', async (command, says) => {
  const [npm = '', ...words] = command.split(' ')
  const none = Object.fromEntries(['KAFKA_BROKERS', 'MONGODB_URI', 'INGEST_URL'].map((name) => [name, undefined]))
  await using program = startCommand(npm, words, none)
  expect(await program.ended).toBe(78)
  expect(program.output()).toContain(says)
})

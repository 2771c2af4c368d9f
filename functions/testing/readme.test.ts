import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { startCommand } from '@activity-log/shared/testing/processes.ts'
import { describe, expect, test } from 'vitest'
import { scenarios } from './faults/scenarios.ts'
import { isCall, runByHand, runByTests, shellCommands, standsFor } from './readme-commands.ts'

const root = join(import.meta.dirname, '../..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')

type Scripts = { readonly [name: string]: string }
const scriptsOf = (folder: string): Scripts => {
  const file = join(folder, 'package.json')
  return existsSync(join(root, file)) ? (JSON.parse(read(file)).scripts ?? {}) : {}
}
const scriptFile = (name: string) => scriptsOf('')[name]?.split(' ').at(-1) ?? ''

/** The first word of each indented line in the output of a program, which lists its commands there. */
function namesIn(...words: string[]): ReadonlySet<string> {
  const text = execFileSync(process.execPath, words, { cwd: root, encoding: 'utf8' })
  return new Set([...text.matchAll(/^ {2}([a-z][\w-]*)/gm)].map(([, name]) => name!))
}
const wordsAfter: { readonly [script: string]: ReadonlySet<string> } = {
  log: namesIn(scriptFile('log'), '--help'),
  system: namesIn(scriptFile('system')),
  bench: namesIn(scriptFile('bench'), '--help'),
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

/** The commands in `sh` blocks that are neither run by a test nor listed as run by hand. */
const unknownCommands = (text: string) =>
  shellCommands(text).filter(
    (command) =>
      !isCall(command) && ![...Object.keys(runByTests), ...runByHand].some((entry) => standsFor(entry, command)),
  )

/** The anchors that GitHub makes from the headings of a text. */
const anchorsOf = (text: string) =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  )

const folders = globSync('{shared,functions,knative}/**/', {
  cwd: root,
  exclude: (path) => path.includes('node_modules'),
})

/**
 * Whether a name in a text is the path of a file, relative to the root or the text's folder, or the name of a file
 * below.
 */
function isFile(name: string, folder: string): boolean {
  const below = folders.filter((each) => each === folder || folder === '.' || each.startsWith(`${folder}/`))
  return ['', folder, ...below].some((from) => existsSync(join(root, from, name)))
}

const fileName = /`((?:[\w.-]+\/)*[\w.-]+\.(?:ts|cjs|md|ya?ml|json)|(?:functions|shared|knative|\.ci)\/[\w./-]*)`/g

/** The files that a text names or links to, and the anchors in it, that do not exist in this repository. */
function wrongPaths(text: string, folder: string): string[] {
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
  const wrongLinks = links
    .filter((link) => !/^(https?|mailto):/.test(link))
    .filter((link) => {
      const [path = '', anchor] = link.split('#')
      const file = normalize(join(folder, path))
      if (file.startsWith('..') || !existsSync(join(root, file))) return true
      return anchor !== undefined && !anchorsOf(path === '' ? text : read(file)).includes(anchor)
    })
  const named = [...text.matchAll(fileName)].map(([, name = '']) => name)
  const outside = [...text.matchAll(/(?:^|[\s`'"(=])((?:\.\.\/|~\/|\/(?:home|root|tmp|work|Users)\/)[\w./-]*)/gm)]
    .map(([, path = '']) => path)
    .filter((path) => !path.startsWith('..') || normalize(join(folder, path)).startsWith('..'))
  return [...wrongLinks, ...named.filter((name) => !isFile(name, folder)), ...outside]
}

const readmes = globSync('**/README.md', { cwd: root, exclude: (path) => path.includes('node_modules') })

test('every folder with a README of its own has one, and no other', () => {
  const rooms = ['', 'ingest/', 'persist/', 'query/', 'query/viewer/', 'local/', 'kafka-source/', 'cli/', 'testing/']
  const deeper = ['testing/bench/', 'testing/faults/', 'testing/knative/', 'testing/scale/']
  const functions = [...rooms, ...deeper].map((room) => `functions/${room}README.md`)
  const others = [
    'README.md',
    'knative/README.md',
    'shared/README.md',
    'shared/access/README.md',
    'shared/store/README.md',
  ]
  expect(readmes.toSorted()).toEqual([...functions, ...others].toSorted())
})

describe.each(readmes)('%s', (file) => {
  const text = read(file)

  test('names only npm commands that exist', () => {
    expect(wrongCommands(text)).toEqual([])
  })

  test('shows only commands that a test runs, or that are listed as run by hand', () => {
    expect(unknownCommands(text)).toEqual([])
  })

  test('names only files that exist in this repository', () => {
    expect(wrongPaths(text, dirname(file))).toEqual([])
  })
})

test('each listed command is in a README, and the test that is said to run it does', () => {
  const shown = readmes.flatMap((file) => shellCommands(read(file)))
  const entries = [...Object.keys(runByTests), ...runByHand]
  expect(entries.filter((entry) => !shown.some((command) => standsFor(entry, command)))).toEqual([])
  expect(Object.values(runByTests).filter(([file, line]) => !read(file).includes(line))).toEqual([])
})

test('the main README fits on a few screens', () => {
  const lines = read('README.md').trimEnd().split('\n')
  expect(lines.length).toBeLessThanOrEqual(160)
  expect(lines.filter((line) => [...line].length > 120)).toEqual([])
})

test('the main README has at most three figures, each with its command', () => {
  const [, figures = ''] = read('README.md').split('| figure | command |\n| --- | --- |\n')
  const [rows = ''] = figures.split('\n\n')
  expect(rows.split('\n').length).toBeLessThanOrEqual(3)
  for (const row of rows.split('\n')) expect(row).toMatch(/\d.*\| `npm run (bench|system) -- .+` \|$/)
})

test('each row of the fault matrix names a scenario that injects the fault', () => {
  const rows = [...read('functions/testing/faults/README.md').matchAll(/^\| (\d+) \|.*\| (?:`([\w-]+)`|–) \|$/gm)]
  expect(rows.map(([, row]) => Number(row))).toEqual(Array.from({ length: 40 }, (_, n) => n + 1))
  const tried = new Set(scenarios.flatMap((scenario) => scenario.rows))
  for (const [, row, name] of rows) {
    const triedBy = scenarios.filter((scenario) => scenario.rows.includes(Number(row))).map((scenario) => scenario.name)
    if (name !== undefined) expect(triedBy).toContain(name)
    else expect(tried).not.toContain(Number(row))
  }
})

describe('finds', () => {
  test('an npm command that does not exist', () => {
    const commands = 'npm ci && npm test; npm run log -- import x; npm run log -- --help; npm start -w functions/query'
    expect(wrongCommands(commands)).toEqual([])
    const wrong = ['npm run nothing', 'npm run log -- imports', 'npm run system -- fault', 'npm start -w functions/cli']
    expect(wrongCommands(wrong.join('\n'))).toEqual(wrong)
  })

  test('a command that neither a test nor a person runs', () => {
    const block = '```sh\nnpm run dev  # restarts\n# a comment\ncurl localhost:3000/logs\nrm -r \\\n  data\n```\n'
    expect(shellCommands(block)).toEqual(['npm run dev', 'curl localhost:3000/logs', 'rm -r data'])
    expect(unknownCommands(block)).toEqual(['rm -r data'])
  })

  test('a file that does not exist', () => {
    const text = '# A heading\n[a](main.ts) [b](https://c) [d](#a-heading) `functions/cli/main.ts` `help.ts`'
    expect(wrongPaths(text, 'functions/cli')).toEqual([])
    const wrong = '[a](no.ts) [b](#none) [c](../../../x/y.md) `shared/no.ts` `no.ts` see ../../../services or /tmp/x'
    expect(wrongPaths(wrong, 'functions/cli')).toEqual([
      'no.ts',
      '#none',
      '../../../x/y.md',
      'shared/no.ts',
      'no.ts',
      '../../../x/y.md',
      '../../../services',
      '/tmp/x',
    ])
  })
})

test('there are few enough npm scripts to read them all', () => {
  expect(Object.keys(scriptsOf('')).length).toBeLessThanOrEqual(16)
})

test.each([
  ['npm start -w functions/ingest', 'KAFKA_BROKERS is required'],
  ['npm start -w functions/persist', 'MONGODB_URI is required'],
  ['npm start -w functions/query', 'MONGODB_URI is required'],
  ['npm start -w functions/kafka-source', 'KAFKA_BROKERS is required'],
  ['npm run gateway -w functions/local', 'INGEST_URL is required'],
])('%s starts the function, which reports: %s', async (command, says) => {
  const [npm = '', ...words] = command.split(' ')
  const none = Object.fromEntries(['KAFKA_BROKERS', 'MONGODB_URI', 'INGEST_URL'].map((name) => [name, undefined]))
  await using program = startCommand(npm, words, none)
  expect(await program.ended).toBe(78)
  expect(program.output()).toContain(says)
})

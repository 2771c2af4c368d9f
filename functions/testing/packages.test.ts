import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')

type Package = { name: string; dependencies?: object; devDependencies?: object }
type Sources = ReadonlyMap<string, string>

/** Every workspace may use vitest, and only the compiler uses types. */
const isElsewhere = (name: string) => name === 'vitest' || name.startsWith('@types/')

const isTest = (file: string) => /\.(test|testsuite)\.ts$/.test(file)

function packagesIn(source: string): string[] {
  return [
    ...source.matchAll(/(?:\bfrom\s+|\bimport\s*\(?\s*|createRequire\(import\.meta\.url\)\.resolve\()'([^'\s]+)'/g),
  ]
    .map(([, specifier]) => specifier!)
    .filter((specifier) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
    .map((specifier) => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/'))
}

/** A line for each package that a workspace imports but does not name, or names but does not import. */
function wrong({ name, dependencies = {}, devDependencies = {} }: Package, sources: Sources): string[] {
  const isToolOfTests = name === '@activity-log/testing'
  const imported = (ofTests: boolean) =>
    [...sources]
      .filter(([file]) => (isTest(file) && !isToolOfTests) === ofTests)
      .flatMap(([, source]) => packagesIn(source))
      .filter((used) => used !== name && !isElsewhere(used))
  const code = new Set(imported(false))
  const tests = new Set(imported(true).filter((used) => !code.has(used)))
  const differences = (what: string, used: ReadonlySet<string>, named: object) => {
    const names = new Set(Object.keys(named).filter((one) => !isElsewhere(one)))
    return [
      ...[...used.difference(names)].map((one) => `${name}: ${one} is missing in ${what}`),
      ...[...names.difference(used)].map((one) => `${name}: ${one} in ${what} is not used`),
    ]
  }
  return [
    ...differences('dependencies', code, dependencies),
    ...differences('devDependencies', tests, devDependencies),
  ].toSorted()
}

test('each workspace names the packages that its files import, and no others', () => {
  const workspaces = globSync('{shared,functions/*}/package.json', { cwd: root }).map((file) => join(root, file, '..'))
  expect(workspaces.length).toBeGreaterThan(8)
  const found = workspaces.flatMap((folder) => {
    // the texts in recipes.ts are programs of others, with imports of their own
    const isOther = (path: string) => path.includes('node_modules') || path.endsWith('recipes.ts')
    const files = globSync('**/*.{ts,tsx}', { cwd: folder, exclude: isOther })
    const sources = new Map(files.map((file) => [file, readFileSync(join(folder, file), 'utf8')]))
    return wrong(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')), sources)
  })
  expect(found).toEqual([])
})

test('finds missing and unused packages', () => {
  const sources = new Map([
    ['app.ts', "import { Hono } from 'hono/tiny'\nimport './other.ts'\nimport 'node:fs'"],
    ['app.test.ts', "import { Hono } from 'hono'\nimport type { Event } from 'cloudevents'"],
  ])
  expect(wrong({ name: 'a', dependencies: { kafkajs: '1' }, devDependencies: { uuid: '1' } }, sources)).toEqual([
    'a: cloudevents is missing in devDependencies',
    'a: hono is missing in dependencies',
    'a: kafkajs in dependencies is not used',
    'a: uuid in devDependencies is not used',
  ])
})

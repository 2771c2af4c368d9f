import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { expect, test } from 'vitest'

/**
 * Imports run one way: functions → shared/{http,broker,store} → shared/*.ts → valibot. Only functions/local and
 * functions/contract see the three functions, and only functions/testing sees everything. Nothing imports in a circle.
 */
const root = join(import.meta.dirname, '../..')

type Ring = { files: RegExp; may: readonly RegExp[] }
const shared = (rings: string) => new RegExp(`^shared/${rings}`)
const pure = shared('[^/]+\\.ts$')
const library = (...names: string[]) => new RegExp(`^(${names.join('|')})(/|$)`)
const node = /^node:/
const own = (names: string) => new RegExp(`^functions/${names}/`)
const behindDoors = shared('(access|http|broker|store|dispatch|sqlite)/')
const rings: readonly Ring[] = [
  { files: shared('[^/]+\\.ts$'), may: [pure, library('valibot', 'node:buffer', 'node:crypto')] },
  { files: shared('access/'), may: [pure, shared('(access|http)/'), library('valibot'), node] },
  { files: shared('sqlite/'), may: [pure, library('node:sqlite')] },
  { files: shared('http/'), may: [pure, shared('http/'), library('hono', '@hono/node-server', 'pino'), node] },
  { files: shared('broker/'), may: [pure, shared('(broker|sqlite)/'), library('kafkajs', 'valibot'), node] },
  {
    files: shared('store/'),
    may: [pure, shared('(store|sqlite)/'), library('mongodb', 'valibot', '@date-fns/tz'), node],
  },
  // builds the browser's files during development; a bundle contains the result
  { files: /^functions\/query\/viewer\/build-assets\.ts$/, may: [library('esbuild')] },
  // runs in the browser, which has no Node
  { files: /^functions\/query\/viewer\/(browser|views)\//, may: [/^functions\/query\/viewer\/(browser|views)\//] },
  ...['ingest', 'persist', 'query'].map((name) => ({
    files: new RegExp(`^functions/${name}/`),
    may: [
      own(name),
      pure,
      shared('(access|http|broker|store)/'),
      library('hono', 'jose', 'valibot', 'uuid', 'node:util'),
    ],
  })),
  { files: own('kafka-source'), may: [own('kafka-source'), pure, behindDoors, library('kafkajs', 'valibot'), node] },
  {
    files: own('cli'),
    may: [own('cli'), pure, behindDoors, library('cli-progress', 'commander', 'kafkajs', 'uuid', 'valibot'), node],
  },
  {
    files: own('image'),
    // the bundle replaces the viewer's build by its result
    may: [own('image'), /^functions\/query\/viewer\/build-assets\.ts$/, pure, behindDoors, library('esbuild'), node],
  },
  {
    files: own('contract'),
    may: [
      own('(contract|ingest|persist|query)'),
      /^functions\/local\/origin\.ts$/,
      /^package\.json$/,
      pure,
      behindDoors,
      shared('testing/'),
      library('@valibot/to-json-schema', 'ajv', 'ajv-formats', 'valibot'),
      node,
    ],
  },
  {
    files: own('local'),
    may: [own('(local|ingest|persist|query)'), pure, behindDoors, library('hono', 'valibot'), node],
  },
  { files: own('testing'), may: [/./] },
  { files: shared('dispatch/'), may: [pure, shared('(dispatch|broker)/'), node] },
  {
    files: shared('testing/'),
    may: [/^shared\//, /^package\.json$/, library('kafkajs', 'mongodb', 'valibot', 'vitest'), node],
  },
]

const isTest = (file: string) => /\.(test|testsuite)\.ts$/.test(file)

/** Tests may import more: the builders, all of shared, and the development dependencies of their package. */
function alsoForTests(file: string): readonly RegExp[] {
  if (!isTest(file)) return []
  const workspace = file.startsWith('shared/') ? 'shared' : file.split('/').slice(0, 2).join('/')
  const { dependencies = {}, devDependencies = {} } = JSON.parse(
    readFileSync(join(root, workspace, 'package.json'), 'utf8'),
  )
  const named = [...Object.keys(dependencies), ...Object.keys(devDependencies)]
  return [/^shared\//, own(workspace.replace('functions/', '')), library('vitest', ...named), node]
}

/** Includes imports for their side effects, and dynamic imports. */
const specifiers = (source: string) =>
  [...source.matchAll(/(?:\bfrom\s+|\bimport\s*\(?\s*)'([^'\s]+)'/g)].map(([, name]) => name!)

function target(file: string, specifier: string): string {
  if (specifier.startsWith('.')) return normalize(join(dirname(file), specifier))
  return specifier.replace(/^@activity-log\/shared\//, 'shared/').replace(/^@activity-log\//, 'functions/')
}

function forbidden(file: string, source: string): string[] {
  const ring = rings.find(({ files }) => files.test(file))
  if (!ring) return [`${file} is in no ring`]
  return specifiers(source)
    .map((specifier) => target(file, specifier))
    .filter((imported) => ![...ring.may, ...alsoForTests(file)].some((pattern) => pattern.test(imported)))
    .map((imported) => `${file} imports ${imported}`)
}

/** The texts in recipes.ts are programs of others, with imports of their own. */
const isOther = (path: string) => path.includes('node_modules') || path.endsWith('recipes.ts')
const files = globSync('{shared,functions}/**/*.ts', { cwd: root, exclude: isOther })
const sources = new Map(files.map((file) => [relative('.', file), readFileSync(join(root, file), 'utf8')]))

test('imports run one way', () => {
  expect(sources.size).toBeGreaterThan(20)
  const found = [...sources].flatMap(([file, source]) => forbidden(file, source))
  expect(found).toEqual([])
})

/** Tarjan's strongly connected components that have more than one file. */
function circles(sources: ReadonlyMap<string, string>): string[][] {
  const found: string[][] = []
  const order = new Map<string, number>()
  const stack: string[] = []
  function visit(file: string): number {
    const at = order.size
    order.set(file, at)
    stack.push(file)
    let lowest = at
    for (const specifier of specifiers(sources.get(file) ?? '')) {
      const next = target(file, specifier)
      if (!sources.has(next)) continue
      if (!order.has(next)) lowest = Math.min(lowest, visit(next))
      else if (stack.includes(next)) lowest = Math.min(lowest, order.get(next) ?? at)
    }
    if (lowest === at) {
      const component = stack.splice(stack.indexOf(file))
      if (component.length > 1) found.push(component.toSorted())
    }
    return lowest
  }
  for (const file of sources.keys()) if (!order.has(file)) visit(file)
  return found
}

test('the default tenant is named only where it is defined and where callers are made', () => {
  const named = [...sources].filter(
    ([file, source]) => !isTest(file) && !/(^|\/)testing\//.test(file) && /\bdefaultTenant\b/.test(source),
  )
  expect(named.map(([file]) => file).toSorted()).toEqual(['shared/activity-recorded.ts', 'shared/http/caller.ts'])
})

test('only the authenticator makes a tenant', () => {
  const made = [...sources].filter(
    ([file, source]) =>
      !isTest(file) && !/(^|\/)testing\//.test(file) && /\basTenant\b|\bas Tenant\b|<Tenant>/.test(source),
  )
  expect(made.map(([file]) => file).toSorted()).toEqual([
    'shared/access/authenticator.ts',
    'shared/access/key-ring.ts',
    'shared/http/caller.ts',
    'shared/tenant.ts',
  ])
})

test('no file imports itself through others', () => {
  expect(circles(sources)).toEqual([])
})

test('detects a circle, also through types and other files', () => {
  const bad = new Map([
    ['shared/a.ts', "import type { b } from './b.ts'"],
    ['shared/b.ts', "import { c } from '@activity-log/shared/c.ts'"],
    ['shared/c.ts', "import './a.ts'"],
    ['shared/d.ts', "import './a.ts'"],
  ])
  expect(circles(bad)).toEqual([['shared/a.ts', 'shared/b.ts', 'shared/c.ts']])
})

test.each([
  ['functions/ingest/app.ts', "import { x } from '@activity-log/query/app.ts'", 'functions/query/app.ts'],
  ['functions/ingest/app.ts', "import '../persist/app.ts'", 'functions/persist/app.ts'],
  ['functions/query/app.ts', "const x = await import('mongodb')", 'mongodb'],
  ['functions/query/viewer/assets.ts', "import { build } from 'esbuild'", 'esbuild'],
  ['functions/query/viewer/views/view.ts', "import { hash } from 'node:crypto'", 'node:crypto'],
  [
    'functions/query/viewer/views/view.ts',
    "import { y } from '../viewer-page.ts'",
    'functions/query/viewer/viewer-page.ts',
  ],
  ['shared/activity.ts', "import { y } from './store/store.ts'", 'shared/store/store.ts'],
  ['shared/key.ts', "import { y } from 'hono'", 'hono'],
  [
    'shared/store/sqlite.ts',
    "import type { y } from '@activity-log/shared/broker/broker.ts'",
    'shared/broker/broker.ts',
  ],
  ['shared/http/app.ts', "export { y } from '@activity-log/ingest/app.ts'", 'functions/ingest/app.ts'],
  ['functions/cli/main.ts', "import { x } from '@activity-log/ingest/app.ts'", 'functions/ingest/app.ts'],
  ['functions/image/bundle.ts', "import { x } from '@activity-log/testing/compose.ts'", 'functions/testing/compose.ts'],
  ['functions/local/main.ts', "import { x } from '@activity-log/shared/testing/ways.ts'", 'shared/testing/ways.ts'],
  ['shared/key.test.ts', "import { x } from '@activity-log/query/app.ts'", 'functions/query/app.ts'],
  ['shared/testing/ways.ts', "import { x } from '@activity-log/query/app.ts'", 'functions/query/app.ts'],
  ['shared/broker/kafka.ts', "import { app } from '@activity-log/ingest/app.ts'", 'functions/ingest/app.ts'],
])('detects that %s may not contain: %s', (file, source, imported) => {
  expect(forbidden(file, source)).toEqual([`${file} imports ${imported}`])
})

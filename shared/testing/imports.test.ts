import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { expect, test } from 'vitest'

/**
 * Imports run one way: functions → shared/{http,broker,store} → shared/*.ts → valibot. Only functions/local sees all the
 * functions. Tests and what they use may see everything.
 */
const root = join(import.meta.dirname, '../..')

type Ring = { files: RegExp; may: readonly RegExp[] }
const shared = (rings: string) => new RegExp(`^shared/${rings}`)
const pure = shared('[^/]+\\.ts$')
const library = (...names: string[]) => new RegExp(`^(${names.join('|')})(/|$)`)
const node = /^node:/
const rings: readonly Ring[] = [
  { files: shared('[^/]+\\.ts$'), may: [pure, library('valibot', 'node:crypto')] },
  { files: shared('sqlite/'), may: [pure, library('node:sqlite')] },
  { files: shared('http/'), may: [pure, shared('http/'), library('hono', '@hono/node-server', 'pino'), node] },
  { files: shared('broker/'), may: [pure, shared('(broker|sqlite)/'), library('kafkajs', 'valibot'), node] },
  {
    files: shared('store/'),
    may: [pure, shared('(store|sqlite)/'), library('mongodb', 'valibot', '@date-fns/tz'), node],
  },
  // makes what the browser loads; a bundle has what it makes
  { files: /^functions\/query\/viewer\/build-assets\.ts$/, may: [library('esbuild')] },
  // runs in the browser, where nothing of Node is
  { files: /^functions\/query\/viewer\/(browser|views)\//, may: [/^functions\/query\/viewer\/(browser|views)\//] },
  ...['ingest', 'persist', 'query'].map((name) => ({
    files: new RegExp(`^functions/${name}/`),
    may: [
      new RegExp(`^functions/${name}/`),
      pure,
      shared('(http|broker|store)/'),
      library('hono', 'valibot', 'uuid', 'node:util'),
    ],
  })),
  { files: /^functions\/local\//, may: [/./] },
  // tests of the whole: nobody sees them
  { files: /^functions\/testing\//, may: [/./] },
  { files: shared('testing/'), may: [/./] },
]

/** Also imports for their side effects, and dynamic ones. */
const specifiers = (source: string) =>
  [...source.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^'\s]+)'/g)].map(([, name]) => name!)

function target(file: string, specifier: string): string {
  if (specifier.startsWith('.')) return normalize(join(dirname(file), specifier))
  return specifier.replace(/^@activity-log\/shared\//, 'shared/').replace(/^@activity-log\//, 'functions/')
}

function forbidden(file: string, source: string): string[] {
  const ring = rings.find(({ files }) => files.test(file))
  if (!ring) return [`${file} is in no ring`]
  return specifiers(source)
    .map((specifier) => target(file, specifier))
    .filter((imported) => !ring.may.some((pattern) => pattern.test(imported)))
    .map((imported) => `${file} imports ${imported}`)
}

test('imports run one way', () => {
  const files = globSync('{shared,functions}/**/*.ts', { cwd: root, exclude: (path) => path.includes('node_modules') })
  const own = files.map((file) => relative('.', file)).filter((file) => !/\.(test|testsuite)\.ts$/.test(file))
  expect(own.length).toBeGreaterThan(20)
  expect(own.flatMap((file) => forbidden(file, readFileSync(join(root, file), 'utf8')))).toEqual([])
})

test.each([
  ['functions/ingest/app.ts', "import { x } from '@activity-log/query/app.ts'", 'functions/query/app.ts'],
  ['functions/ingest/app.ts', "import '../persist/app.ts'", 'functions/persist/app.ts'],
  ['functions/query/app.ts', "const x = await import('mongodb')", 'mongodb'],
  ['functions/query/viewer/assets.ts', "import { build } from 'esbuild'", 'esbuild'],
  ['functions/query/viewer/views/view.ts', "import { hash } from 'node:crypto'", 'node:crypto'],
  ['functions/query/viewer/views/view.ts', "import { y } from '../page.ts'", 'functions/query/viewer/page.ts'],
  ['shared/activity.ts', "import { y } from './store/store.ts'", 'shared/store/store.ts'],
  ['shared/key.ts', "import { y } from 'hono'", 'hono'],
  ['shared/store/sqlite.ts', "import type { y } from '../broker/broker.ts'", 'shared/broker/broker.ts'],
  ['shared/http/app.ts', "export { y } from '../../functions/ingest/app.ts'", 'functions/ingest/app.ts'],
  ['shared/broker/kafka.ts', "import { app } from '@activity-log/ingest/app.ts'", 'functions/ingest/app.ts'],
])('%s may not: %s', (file, source, imported) => {
  expect(forbidden(file, source)).toEqual([`${file} imports ${imported}`])
})

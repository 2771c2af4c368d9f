import { readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { buildAssets } from '@activity-log/query/viewer/build-assets.ts'
import { aFolder, startCommand, written } from '@activity-log/shared/testing/processes.ts'
import { expect, test } from 'vitest'
import { bundle, optionalPackages, type Program } from './bundle.ts'

/** The exit code and the message of each program without a configuration. */
const complaints: Record<Program, [number, string]> = {
  ingest: [78, 'KAFKA_BROKERS is required'],
  persist: [78, 'MONGODB_URI is required'],
  query: [78, 'MONGODB_URI is required'],
  gateway: [78, 'INGEST_URL is required'],
  'kafka-source': [78, 'KAFKA_BROKERS is required'],
  cli: [64, 'Usage: activity-log COMMAND'],
  forward: [78, 'FORWARD is required'],
}

const bundled = new Map<Program, ReturnType<typeof bundle>>()
/** The bundle of a program, made once, in a folder without node_modules, like the image. */
function bundleOf(name: Program): ReturnType<typeof bundle> {
  const made = bundled.get(name) ?? bundle(name, aFolder())
  bundled.set(name, made)
  return made
}

/** Matches only our own tests, because packages may name their folders as they like. */
const testCode = /^(shared|functions)\/(.*\/)?testing\/|\.test(suite)?\.ts$/

test.each(
  Object.entries(complaints),
)('bundles %s into one file that starts, with licenses and without code of tests', async (name, [code, message]) => {
  const { file, sources, externals } = await bundleOf(name as Program)
  expect(sources.filter((path) => testCode.test(path))).toEqual([])
  expect(externals.filter((path) => !isBuiltin(path) && !optionalPackages.includes(path))).toEqual([])
  expect(readFileSync(file.replace('.cjs', '.licences.txt'), 'utf8')).toContain('valibot 1.5.0 (MIT)\n\nMIT License')
  // start.cjs runs it as a script, where import() fails, which the driver of MongoDB answers with a wrong handshake
  expect(readFileSync(file, 'utf8')).not.toMatch(/\bimport\(/)
  const none = Object.fromEntries(Object.keys(process.env).map((variable) => [variable, undefined]))
  await using program = startCommand(process.execPath, [file], none)
  expect(await program.ended).toBe(code)
  expect(program.output()).toContain(message)
})

test.each([
  ['import', 64, "missing required argument 'FILE'"],
  ['ledger', 69, 'Kafka does not answer at 127.0.0.1:1'],
  ['migrate', 69, 'MongoDB does not answer'],
])('the bundle of cli includes what %s loads when it runs', async (command, code, message) => {
  const { file } = await bundleOf('cli')
  const env = { KAFKA_BROKERS: '127.0.0.1:1', MONGODB_URI: 'mongodb://127.0.0.1:1' }
  await using program = startCommand(process.execPath, [file, command], env)
  expect(await program.ended).toBe(code)
  expect(program.output()).toContain(message)
})

test('the bundle of query serves the same viewer as the sources', async () => {
  const { file } = await bundleOf('query')
  const env = { MONGODB_URI: 'mongodb://127.0.0.1:1', PORT: '0' }
  await using query = startCommand(process.execPath, [file], env)
  const port = await written(query, /"port":(\d+)/)
  const page = await fetch(`http://127.0.0.1:${port}/`)
  // the 503 says that there is no database
  expect(page.status).toBe(503)
  const paths = [...(await page.text()).matchAll(/"(\/assets\/[^"]+)"/g)].map(([, path]) => path!)
  expect(paths).toHaveLength(3)
  const built = await buildAssets()
  for (const path of paths) {
    const asset = await fetch(`http://127.0.0.1:${port}${path}`)
    expect([path, await asset.text()]).toEqual([path, built[path.replace('/assets/', '')]])
  }
})

import { readFileSync } from 'node:fs'
import { createRequire, isBuiltin } from 'node:module'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { buildAssets } from '@activity-log/query/viewer/build-assets.ts'
import { aFolder, startCommand, written } from '@activity-log/shared/testing/processes.ts'
import { build } from 'esbuild'
import { ConnectionString } from 'mongodb-connection-string-url'
import { expect, test } from 'vitest'
import { bundle, nodeUrl, optionalPackages, type Program } from './bundle.ts'

/** What each says when nothing is configured, and what it then exits with. */
const complaints: Record<Program, [number, string]> = {
  ingest: [78, 'KAFKA_BROKERS is required'],
  persist: [78, 'MONGODB_URI is required'],
  query: [78, 'MONGODB_URI is required'],
  gateway: [78, 'INGEST_URL is required'],
  'kafka-source': [78, 'KAFKA_BROKERS is required'],
  migrate: [78, 'MONGODB_URI is required'],
  import: [1, 'Usage: '],
  books: [78, 'KAFKA_BROKERS is required'],
  forward: [78, 'FORWARD is required'],
  warm: [1, 'Usage: '],
}

/** Gzipped. One has the clients of both Kafka and MongoDB in it, and none waits for it to start. */
const mostKilobytes: Record<Program, number> = {
  ingest: 100,
  persist: 210,
  // and what only a browser loads
  query: 255,
  gateway: 50,
  'kafka-source': 110,
  migrate: 150,
  import: 20,
  books: 250,
  forward: 30,
  warm: 160,
}
const zipped = (file: string) => gzipSync(readFileSync(file), { level: 9 }).length / 1000

test.each(Object.entries(complaints))('%s is one small file that starts, with its licences', async (name, [
  code,
  message,
]) => {
  // a folder without node_modules, as in the image
  const { file, externals } = await bundle(name as Program, aFolder())
  expect(zipped(file)).toBeLessThanOrEqual(mostKilobytes[name as Program])
  expect(externals.filter((path) => !isBuiltin(path) && !optionalPackages.includes(path))).toEqual([])
  expect(readFileSync(file.replace('.cjs', '.licences.txt'), 'utf8')).toContain('valibot 1.5.0 (MIT)\n\nMIT License')
  const none = Object.fromEntries(Object.keys(process.env).map((variable) => [variable, undefined]))
  await using program = startCommand(process.execPath, [file], none)
  expect(await program.ended).toBe(code)
  expect(program.output()).toContain(message)
})

test('query has the viewer in it, the same as without a bundle', async () => {
  const { file } = await bundle('query', aFolder())
  const env = { MONGODB_URI: 'mongodb://127.0.0.1:1', PORT: '0' }
  await using query = startCommand(process.execPath, [file], env)
  const port = await written(query, /"port":(\d+)/)
  const page = await fetch(`http://127.0.0.1:${port}/`)
  // there is no database
  expect(page.status).toBe(503)
  const paths = [...(await page.text()).matchAll(/"(\/assets\/[^"]+)"/g)].map(([, path]) => path!)
  expect(paths).toHaveLength(3)
  const built = await buildAssets()
  for (const path of paths) {
    const asset = await fetch(`http://127.0.0.1:${port}${path}`)
    expect([path, await asset.text()]).toEqual([path, built[path.replace('/assets/', '')]])
  }
})

test.each([
  'mongodb://localhost',
  'mongodb://user:p%40ss%3A%2F%C3%BC@one:27017,two.example.org:27018,[::1]:27019/admin?replicaSet=rs0&w=majority',
  'mongodb+srv://user@cluster.example.org/?retryWrites=true&authSource=%24external&appName=a+b%20c',
  'mongodb://%2Ftmp%2Fmongodb-27017.sock/db',
  'mongodb://h/?readPreferenceTags=dc:ny,rack:1&readPreferenceTags=&TLS=true&tlscafile=/a%20b/ca.pem',
  'mongodb://ex\u00e4mple.org/d\u00e4tabase',
  'mongodb://h?directConnection=true',
  'mongodb://h:70000/',
  'mongodb://h:0x1/',
  'mongodb://a b/',
  'mongodb://',
])('%s is read in a bundle as without one', async (uri) => {
  const outfile = join(aFolder(), 'uri.cjs')
  const contents = "module.exports = require('mongodb-connection-string-url')"
  const stdin = { contents, resolveDir: import.meta.dirname }
  await build({ stdin, outfile, bundle: true, platform: 'node', format: 'cjs', plugins: [nodeUrl] })
  const bundled: { ConnectionString: typeof ConnectionString } = createRequire(import.meta.url)(outfile)
  const read = (Reader: typeof ConnectionString) => {
    try {
      const { hosts, isSRV, username, password, pathname, searchParams, href } = new Reader(uri)
      return { hosts, isSRV, username, password, pathname, parameters: [...searchParams], href }
    } catch {
      return 'refused'
    }
  }
  expect(read(bundled.ConnectionString)).toEqual(read(ConnectionString))
})

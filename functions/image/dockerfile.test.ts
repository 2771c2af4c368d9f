import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { bundle } from './bundle.ts'
import { argumentsOf, fillCompileCache, type ImageName } from './dockerfile.ts'

const dockerfile = readFileSync(join(import.meta.dirname, 'Dockerfile'), 'utf8').replaceAll('\\\n', '')
const aFolder = () => mkdtempSync(join(process.env['TEST_FOLDER'] ?? tmpdir(), 'image-'))

test.each<ImageName>(['ingest', 'persist', 'query'])('the build of %s compiles with the flags of its start', (name) => {
  const [, run = ''] = new RegExp(`^RUN (\\[.*fill-compile-cache.*/app/${name}\\.cjs"\\])$`, 'm').exec(dockerfile) ?? []
  const [node, fill, ...rest] = JSON.parse(run) as string[]
  expect([node, fill]).toEqual(['/nodejs/bin/node', '/app/fill-compile-cache.cjs'])
  const flags = argumentsOf(name).map((flag) => flag.replace(`${import.meta.dirname}/`, '/app/'))
  expect(rest).toEqual([...flags, `/app/${name}.cjs`])
})

test('the build caches the code of a program, and fails if the program is broken', async () => {
  const folder = aFolder()
  const { file } = await bundle('ingest', folder)
  const cache = aFolder()
  fillCompileCache('ingest', file, cache)
  expect(readdirSync(cache).length).toBe(1)
  expect(() => fillCompileCache('ingest', join(folder, 'nothing.cjs'), cache)).toThrow('ended with 1 instead of 78')
})

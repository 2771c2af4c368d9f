import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startCommand, written } from '@activity-log/shared/testing/processes.ts'
import { expect, test } from 'vitest'
import { bundle } from './bundle.ts'
import { argumentsOf, type ImageName, keepCode } from './dockerfile.ts'

const dockerfile = readFileSync(join(import.meta.dirname, 'Dockerfile'), 'utf8').replaceAll('\\\n', '')
const aFolder = () => mkdtempSync(join(process.env['TEST_FOLDER'] ?? tmpdir(), 'image-'))

test.each<ImageName>(['ingest', 'persist', 'query'])('the build of %s compiles with the flags of its start', (name) => {
  const [, run = ''] = new RegExp(`^RUN (\\[.*keep-code.*/app/${name}\\.cjs"\\])$`, 'm').exec(dockerfile) ?? []
  const [node, keep, ...rest] = JSON.parse(run) as string[]
  expect([node, keep]).toEqual(['/nodejs/bin/node', '/app/keep-code.cjs'])
  const flags = argumentsOf(name).map((flag) => flag.replace(`${import.meta.dirname}/`, '/app/'))
  expect(flags.at(-1)).toBe('/app/start.cjs')
  expect(rest).toEqual([...flags, `/app/${name}.cjs`])
})

test('the build keeps the code of a program, which then starts with or without it', async () => {
  const folder = aFolder()
  const { file } = await bundle('ingest', folder)
  keepCode('ingest', file)
  const code = join(folder, 'code/ingest')
  expect(statSync(code).size).toBeGreaterThan(100_000)
  const output = async () => {
    await using program = startCommand(process.execPath, [...argumentsOf('ingest'), file], {
      KAFKA_BROKERS: '127.0.0.1:1',
      PORT: '0',
    })
    await written(program, /"port":(\d+)/)
    return program.output()
  }
  expect(await output()).not.toContain('rejected')
  rmSync(code)
  expect(await output()).not.toContain('rejected')
})

test('the build fails if the program is broken', async () => {
  const folder = aFolder()
  expect(() => keepCode('ingest', join(folder, 'nothing.cjs'))).toThrow('ended with 1 instead of 0')
  expect(existsSync(join(folder, 'code/nothing'))).toBe(false)
})

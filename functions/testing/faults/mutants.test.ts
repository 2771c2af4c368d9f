import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startProgram } from '@activity-log/shared/testing/processes.ts'
import { transformSync } from 'esbuild'
import { expect, test } from 'vitest'
import { mutants } from './mutant-list.ts'
import { mutate, readMutant } from './mutants.ts'
import { withFaults } from './preload.ts'

const root = join(import.meta.dirname, '../../..')

test.each(mutants)('$name can still be removed, and leaves a valid program', ({ edits }) => {
  for (const file of new Set(edits.map((edit) => edit.file))) {
    const source = readFileSync(join(root, file), 'utf8')
    const mutated = mutate(
      source,
      edits.filter((edit) => edit.file === file),
    )
    expect(transformSync(mutated, { loader: 'ts' }).code).not.toBe(transformSync(source, { loader: 'ts' }).code)
  }
})

test('gives each mutant a name of its own', () => {
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length)
})

test.each(['never', 'twice or twice'])('throws on a text that does not occur exactly once: %s', (source) => {
  expect(() => mutate(source, [{ file: 'any.ts', find: 'twice', replace: '' }])).toThrow(/times, not once/)
})

test('rejects an unknown name and lists all names', async () => {
  for (const { name } of mutants) expect(() => readMutant('luck')).toThrow(name)
  await using program = startProgram('functions/query/main.ts', withFaults({ mutant: 'luck' }))
  expect(await program.ended).toBe(1)
})

test('runs a program without a safeguard, and says so', async () => {
  await using program = startProgram('functions/ingest/main.ts', {
    ...withFaults({ mutant: 'acks' }),
    KAFKA_BROKERS: '',
  })
  expect(await program.ended).toBe(78)
  expect(program.output()).toContain('mutant acks in shared/broker/broker-connection.ts')
})

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

// a program starts in half the time with a cache of the compiled code
const { NODE_COMPILE_CACHE } = process.env

function system(words: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const main = join(import.meta.dirname, 'run-system.ts')
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...words], {
    env: { NODE_COMPILE_CACHE, ...env },
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

const { stdout: list } = system([])

test('lists the programs when no name is given', () => {
  expect(system([])).toEqual({ status: 0, stdout: list, stderr: '' })
  expect(list).toMatch(/^ {2}faults +\w/m)
})

test.each(['fault', 'toString'])('rejects %s, which is not a program, with exit status 64 and the list', (name) => {
  expect(system([name])).toEqual({ status: 64, stdout: '', stderr: `Unknown program: ${name}.\n\n${list}` })
})

test.each([
  ['faults', ['--help'], 0, 'Usage: npm run system -- faults'],
  ['durability', ['--help'], 0, 'Usage: npm run system -- durability'],
  ['own-writes', ['--help'], 0, 'Usage: npm run system -- own-writes'],
  ['simulation', ['--seed', '4711'], 0, '0 violations'],
  ['model', ['--help'], 0, 'Usage: npm run system -- model'],
  ['scale', ['--help'], 0, 'Usage: npm run system -- scale'],
  ['fuzz', ['--help'], 0, 'Usage: npm run system -- fuzz'],
  ['clients', ['--help'], 0, 'Usage: npm run system -- clients'],
  ['texts', ['--help'], 0, 'Usage: npm run system -- texts'],
  ['texts', ['titles'], 0, 'these tests start every program'],
  ['mutants', [], 1, 'KAFKA_BROKERS and MONGODB_URI not set'],
  ['compose', [], 1, 'npm run system -- compose needs Docker'],
  ['knative', ['--help'], 0, 'Usage: npm run system -- knative'],
  ['knative', [], 1, 'CLUSTER_CONTROL not set'],
  ['knative', ['no-such-proof'], 1, 'There is no proof no-such-proof'],
  ['screenshots', ['--no-such-option'], 1, '--no-such-option'],
  ['lighthouse', ['--no-such-option'], 1, '--no-such-option'],
])('passes %s the other words %j, and passes on its exit status and output', (name, words, code, says) => {
  const { status, stdout, stderr } = system([name, ...words], { COMPOSE: '/nowhere/docker-compose' })
  expect(status).toBe(code)
  expect(stdout + stderr).toContain(says)
})

test('these tests start every program', () => {
  const names = [...list.matchAll(/^ {2}([\w-]+)/gm)].map(([, name]) => name)
  expect(names).toEqual([
    'faults',
    'mutants',
    'durability',
    'own-writes',
    'simulation',
    'model',
    'scale',
    'fuzz',
    'clients',
    'compose',
    'knative',
    'screenshots',
    'lighthouse',
    'texts',
  ])
})

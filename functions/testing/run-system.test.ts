import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

function system(words: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const main = join(import.meta.dirname, 'run-system.ts')
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...words], { env, encoding: 'utf8' })
  return { status, stdout, stderr }
}

const { stdout: list } = system([])

test('without a name it lists what there is', () => {
  expect(system([])).toEqual({ status: 0, stdout: list, stderr: '' })
  expect(list).toMatch(/^ {2}faults +\w/m)
})

test.each(['fault', 'toString'])('%s is not there: 64, and the list', (name) => {
  expect(system([name])).toEqual({ status: 64, stdout: '', stderr: `There is no ${name}.\n\n${list}` })
})

test.each([
  ['faults', ['--help'], 0, 'Usage: npm run system -- faults'],
  ['durability', ['--help'], 0, 'Usage: npm run system -- durability'],
  ['own-writes', ['--help'], 0, 'Usage: npm run system -- own-writes'],
  ['simulation', ['--seed', '4711'], 0, '0 violations'],
  ['model', ['--help'], 0, 'Usage: npm run system -- model'],
  ['fuzz', ['--help'], 0, 'Usage: npm run system -- fuzz'],
  ['mutants', [], 1, 'KAFKA_BROKERS and MONGODB_URI not set'],
  ['compose', [], 1, 'npm run system -- compose needs Docker'],
  ['screenshots', ['--no-such-option'], 1, '--no-such-option'],
])('%s is given the other words %j, and its exit status and output come back', (name, words, code, says) => {
  const { status, stdout, stderr } = system([name, ...words], { COMPOSE: '/nowhere/docker-compose' })
  expect(status).toBe(code)
  expect(stdout + stderr).toContain(says)
})

test('every program is tried here', () => {
  const names = [...list.matchAll(/^ {2}([\w-]+)/gm)].map(([, name]) => name)
  expect(names).toEqual([
    'faults',
    'mutants',
    'durability',
    'own-writes',
    'simulation',
    'model',
    'fuzz',
    'compose',
    'screenshots',
  ])
})

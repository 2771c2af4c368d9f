import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { aFolder, startProgram } from '@activity-log/shared/testing/processes.ts'
import { expect, test } from 'vitest'
import { readOptions } from './campaign-options.ts'

const servers = {
  KAFKA_BROKERS: 'a:1,b:2,c:3',
  MONGODB_URI: 'mongodb://d',
  KAFKA_CONTROL: 'kafka',
  MONGODB_CONTROL: 'mongo',
}
const read = (text: string, environment = servers as { [name: string]: string }) => {
  const options = readOptions(text.split(' '), environment)
  if (options === 'help') throw new Error('no help was asked for')
  return options
}

test('runs the scenarios that its options name', () => {
  const { scenarios, seeds, events } = read('--scenario log-killed --scenario poison --seeds 3 --events 200')
  expect(scenarios.map(({ name }) => name).toSorted()).toEqual(['log-killed', 'poison'])
  expect([seeds, events]).toEqual([[1, 2, 3], 200])
  expect(read('--all --seed 7').seeds).toEqual([7])
})

test('needs no variables for the scenarios in one process', () => {
  expect(read('--all --embedded', {}).scenarios.every(({ on }) => on === 'embedded')).toBe(true)
})

test('names the variables that are missing', () => {
  expect(() => read('--all', { ...servers, MONGODB_CONTROL: '' })).toThrow(/^MONGODB_CONTROL not set/)
})

test.each([
  ['--scenario no-such-one', 'Unknown scenario: no-such-one'],
  ['--events many', '--events must be a whole number'],
  ['--without no-such-safeguard', 'Unknown safeguard: no-such-safeguard'],
  ['--seed 1 --seeds 2', 'exclude each other'],
  ['--embedded --real', 'exclude each other'],
  ['--no-such-option', "Unknown option '--no-such-option'"],
  ['--seeds 1', 'Choose the scenarios'],
])('%s: %s', (text, message) => {
  expect(() => read(text)).toThrow(message)
  expect(() => read(text)).toThrow('Usage: npm run system -- faults')
})

test('creates the report folder before anything runs, or says why it cannot', async () => {
  const folder = aFolder()
  const start = (report: string) =>
    startProgram(
      'functions/testing/faults/main.ts',
      {},
      '--embedded',
      '--scenario',
      'log-killed',
      '--events',
      '20',
      '--report',
      report,
    )
  const file = join(folder, 'file')
  writeFileSync(file, '')
  await using rejected = start(file)
  expect(await rejected.ended).not.toBe(0)
  expect(rejected.output()).toMatch(/^--report .*file cannot be created/)

  const fresh = join(folder, 'of', 'reports')
  await using running = start(fresh)
  expect([await running.ended, existsSync(join(fresh, 'report.md'))]).toEqual([0, true])
  expect(read('--all --report /somewhere')).toMatchObject({ report: '/somewhere' })
  expect(read('--all')).toMatchObject({ report: undefined })
})

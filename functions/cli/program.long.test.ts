import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { newKey } from '@activity-log/shared/access/key.ts'
import { StartError } from '@activity-log/shared/config.ts'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { checkCommand } from './check.ts'
import { type Command, defineCommand } from './command.ts'
import { demoCommand } from './demo.ts'
import { importCommand } from './import.ts'
import { ledgerCommand } from './ledger-audit.ts'
import { migrateCommand } from './migrate.ts'
import { runProgram } from './program.ts'

// a program starts in half the time with a cache of the compiled code
const { NODE_COMPILE_CACHE } = process.env

/** Runs the program as a process that has only the given environment. */
function activityLog(words: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const main = join(import.meta.dirname, 'main.ts')
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...words], {
    env: { NODE_COMPILE_CACHE, ...env },
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

const commands = [importCommand, demoCommand, ledgerCommand, migrateCommand, checkCommand]

describe('help', () => {
  test('of the program names every command and every exit code', () => {
    const { status, stdout, stderr } = activityLog(['--help'])
    expect([status, stderr]).toEqual([0, ''])
    for (const { name, summary } of commands) {
      expect(stdout.replace(/\s+/g, ' ')).toMatch(new RegExp(` ${name} .*${summary}`))
    }
    for (const code of [0, 1, 64, 69, 70, 74, 78]) expect(stdout).toMatch(new RegExp(`^ {2}${code} +\\w`, 'm'))
  })

  test.each(
    commands.map((command): [string, Command] => [command.name, command]),
  )('of %s is the same in both spellings, and lists each option and variable with its default', (name, {
    environment,
    options,
  }) => {
    const { status, stdout, stderr } = activityLog(['help', name])
    expect([status, stderr]).toEqual([0, ''])
    expect(activityLog([name, '--help'])).toEqual({ status, stdout, stderr })
    const text = stdout.replace(/\s+/g, ' ')
    const variables = Object.entries(environment)
    expect(variables.filter(([variable, { summary }]) => !text.includes(`${variable} ${summary}`))).toEqual([])
    for (const { schema, variable, summary } of Object.values(options)) {
      expect(text).toContain(summary)
      if (variable) expect(text).toContain(`else ${variable}`)
      const preset = schema && v.getDefault(schema)
      if (preset) expect(text).toContain(`default: ${preset}`)
    }
  })
})

test('a command of two words has help of its own, and the first word lists it', () => {
  const { status, stdout } = activityLog(['ledger', 'write-off', '--help'])
  expect([status, stdout]).toEqual([0, expect.stringMatching(/^Usage: activity-log ledger write-off/)])
  expect(activityLog(['help', 'ledger']).stdout).toMatch(/write-off \[options\] +make the ledger forget/)
})

describe('exits with 64 after a usage error, and says what is wrong and where to find help', () => {
  const file = join(import.meta.dirname, 'package.json')

  test.each([
    ['an unknown command', ['imprt'], "unknown command 'imprt'\n(Did you mean import?)", '--help'],
    ['an unknown option', ['demo', '--no-such'], "unknown option '--no-such'", 'help demo'],
    ['an invalid URL', ['demo', '--url', 'localhost'], "'--url <URL>' argument 'localhost' is invalid", 'help demo'],
    [
      'an invalid list',
      ['ledger', '--brokers', 'a'],
      "'--brokers <HOST:PORT,…>' argument 'a' is invalid",
      'help ledger',
    ],
    [
      'an invalid list of a command of two words',
      ['ledger', 'write-off', '--brokers', 'a'],
      "'--brokers <HOST:PORT,…>' argument 'a' is invalid",
      'ledger write-off --help',
    ],
    ['an unknown second word', ['ledger', 'write-of'], 'too many arguments', 'help ledger'],
    ['an invalid name', ['ledger', '--topic', '*'], "'--topic <NAME>' argument '*' is invalid", 'help ledger'],
    ['an option without its value', ['demo', '--url'], "'--url <URL>' argument missing", 'help demo'],
    ['no file', ['import'], "missing required argument 'FILE'", 'help import'],
    ['a file that does not exist', ['import', 'nowhere'], "'nowhere' is invalid for argument 'FILE'", 'help import'],
    ['two files', ['import', file, file], 'too many arguments', 'help import'],
    [
      'a * without quotes',
      ['keys', 'create', '--name', 'n', '--tenant', 'a', 'b'],
      'put it in quotes',
      'keys create --help',
    ],
    ['no name', ['keys', 'create', '--tenant', 'a'], "required option '--name <NAME>'", 'keys create --help'],
    ['no tenant', ['keys', 'create', '--name', 'a'], "required option '--tenant <NAME>'", 'keys create --help'],
    ['an extra argument', ['migrate', 'now'], 'too many arguments', 'help migrate'],
  ])('%s', (_what, words, message, help) => {
    const { status, stdout, stderr } = activityLog(words)
    expect([status, stdout]).toEqual([64, ''])
    expect(stderr).toContain(message)
    expect(stderr).toContain(`"activity-log ${help}"`)
  })

  test('a key in the wrong place is not shown', () => {
    const { text, id } = newKey()
    for (const words of [
      ['keys', 'revoke', text],
      ['keys', 'list', text],
      ['import', text],
      ['demo', '--key', text.slice(0, -1)],
      [text],
    ]) {
      const { status, stderr } = activityLog(words, { ACCESS_FILE: 'access.json' })
      expect([status, stderr]).toEqual([64, expect.stringContaining(`als_${id}…`)])
      expect(stderr).not.toContain(text.slice(16, 40))
    }
    for (const words of [
      ['help', text],
      ['keys', 'revoke', id, '--file', text],
      ['demo', '--once', '--url', `http://localhost:1/${text}`],
    ]) {
      const { stdout, stderr } = activityLog(words)
      expect(stdout + stderr).toContain(`als_${id}…`)
      expect(stdout + stderr).not.toContain(text.slice(16, 40))
    }
  })

  test.each([
    [[], 'A command is missing.'],
    [['help', 'imprt'], 'There is no command imprt.'],
  ])('a missing or unknown command: %j', (words, message) => {
    const { status, stdout, stderr } = activityLog(words)
    expect([status, stdout]).toEqual([64, ''])
    expect(stderr).toMatch(/^Usage: activity-log COMMAND/)
    expect(stderr).toContain(message)
  })
})

describe('exits with 78 after a mistake in the environment', () => {
  test('and lists every mistake', () => {
    const env = { KAFKA_TOPIC: '*', KAFKA_USERNAME: 'u', MONGODB_URI: 'mongodb://localhost/?w=1' }
    const { status, stdout, stderr } = activityLog(['ledger'], env)
    expect([status, stdout]).toEqual([78, ''])
    for (const mistake of [
      'KAFKA_BROKERS is required',
      'KAFKA_TOPIC must be 1 to 249 letters',
      'KAFKA_SASL_MECHANISM is required with KAFKA_USERNAME',
      'MONGODB_URI asks for w=1',
    ]) {
      expect(stderr).toContain(`\n  ${mistake}`)
    }
    expect(stderr).toContain('"activity-log help ledger"')
  })

  test.each([
    ['nothing', {}, true],
    ['a key alone', { ACTIVITY_LOG_KEY: newKey().text }, true],
    ['the URL of ingest alone', { INGEST_URL: 'http://localhost:8080' }, true],
    ['both', { INGEST_URL: 'http://localhost:8080', ACTIVITY_LOG_KEY: newKey().text }, false],
    ['that there are no keys', { ACCESS: 'open' }, false],
  ])('a write-off asks who does it, if the environment says %s', (_what, env, asks) => {
    const { status, stderr } = activityLog(['ledger', 'write-off', '--brokers', 'localhost:1'], env)
    // MONGODB_URI is missing as well
    expect([status, stderr.includes('INGEST_URL and ACTIVITY_LOG_KEY are required')]).toEqual([78, asks])
  })

  test.each([
    [{}, true],
    [{ ACCESS: 'open' }, false],
  ])('a comparison that abandons records asks who does it, in the environment %o', (who, asks) => {
    const env = { MONGODB_URI: 'mongodb://127.0.0.1:1', ...who }
    const { status, stderr } = activityLog(['ledger', '--brokers', '127.0.0.1:1', '--abandon'], env)
    expect([status, stderr.includes('INGEST_URL and ACTIVITY_LOG_KEY are required')]).toEqual([asks ? 78 : 69, asks])
  })

  test('but ignores a variable that an option overrides', () => {
    const { status, stderr } = activityLog(['ledger', '--brokers', 'kafka:9092'], { KAFKA_BROKERS: 'wrong' })
    expect([status, stderr]).toEqual([78, expect.not.stringContaining('KAFKA_BROKERS')])
  })
})

describe('exits with 69 if a service does not answer, and says how to name another', () => {
  const away = 'http://127.0.0.1:1'
  const file = join(import.meta.dirname, 'package.json')

  test.each([
    ['demo', ['demo', '--url', away], `No activity log answers at ${away}.`, '--url'],
    ['import', ['import', file, '--url', `${away}/`], `No activity log answers at ${away}.`, '--url'],
    ['ledger', ['ledger', '--brokers', '127.0.0.1:1'], 'Kafka does not answer at 127.0.0.1:1', '--brokers'],
    ['migrate', ['migrate'], 'MongoDB does not answer', 'MONGODB_URI'],
  ])('%s', (_name, words, message, way) => {
    const { status, stdout, stderr } = activityLog(words, { MONGODB_URI: 'mongodb://127.0.0.1:1/' })
    expect([status, stdout]).toEqual([69, ''])
    expect(stderr).toContain(message)
    expect(stderr).toContain(way)
    expect(stderr).not.toMatch(/^ +at /m)
  })
})

describe('a command', () => {
  /** Runs a command that has each kind of setting. Resolves with the values that it was given. */
  async function given(words: readonly string[], environment = {}, run = async () => 0) {
    const text = v.string()
    let seen: unknown
    const command = defineCommand({
      name: 'probe',
      summary: '',
      details: '',
      arguments: { file: { summary: '', schema: text } },
      options: {
        maxRows: { value: 'N', summary: '', schema: v.optional(v.pipe(text, v.transform(Number)), '7') },
        topic: { value: 'NAME', summary: '', schema: v.optional(text, 'activities'), variable: 'TOPIC' },
        json: { summary: '' },
      },
      environment: { SECRET: { summary: '', schema: v.optional(text) } },
      async run(all) {
        seen = all
        return run()
      },
    })
    return { code: await runProgram([command], ['probe', ...words], environment), seen }
  }

  test('gets the value that was given, else the variable, else the default', async () => {
    expect((await given(['f'])).seen).toMatchObject({ file: 'f', maxRows: 7, topic: 'activities', json: false })
    const environment = { TOPIC: 'theirs', SECRET: 's' }
    expect((await given(['f'], environment)).seen).toMatchObject({ topic: 'theirs', SECRET: 's' })
    const words = ['--max-rows', '3', '--json', 'f', '--topic', 'ours']
    expect((await given(words, environment)).seen).toMatchObject({ maxRows: 3, topic: 'ours', json: true })
  })

  test('exits with its own code, and with 70 after a fault', async () => {
    expect((await given(['f'], {}, async () => 1)).code).toBe(1)
    const fail = (error: Error) => given(['f'], {}, () => Promise.reject(error))
    expect((await fail(new StartError('for the test: an expected error'))).code).toBe(1)
    expect((await fail(new TypeError('for the test: a fault'))).code).toBe(70)
  })
})

import { anActivity, aRecord, delivery } from '@activity-log/shared/testing/builders.ts'
import { startProgram, written } from '@activity-log/shared/testing/processes.ts'
import { expect, test } from 'vitest'

/** Nothing listens on port 1. */
const away = 'mongodb://app:s3cret@127.0.0.1:1/'
const mistyped = 'mongodb://app:s3cret@127.0.0.1:1/?retryWrite=true'

test.each([
  'functions/persist/main.ts',
  'functions/query/main.ts',
  'functions/cli/main.ts migrate',
])('%s names MONGODB_URI and exits 78 when it has a typo', async (command) => {
  const [script = '', ...words] = command.split(' ')
  await using program = startProgram(script, { MONGODB_URI: mistyped, PORT: '0' }, ...words)
  expect(await program.ended).toBe(78)
  expect(program.output()).toMatch(/MONGODB_URI .*retrywrite is not supported/)
  expect(program.output()).not.toContain('s3cret')
})

test.each<[string, string, RequestInit]>([
  ['functions/persist/main.ts', '/', delivery(aRecord(anActivity()))],
  ['functions/query/main.ts', '/logs', {}],
])('while MongoDB is down, %s stays healthy and answers 503 within seconds', async (script, path, request) => {
  await using program = startProgram(script, { MONGODB_URI: away, PORT: '0' })
  const origin = `http://127.0.0.1:${await written(program, /"port":(\d+)/)}`
  expect((await fetch(`${origin}/healthz`)).status).toBe(200)
  const response = await fetch(origin + path, request)
  expect(response.status).toBe(503)
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  await written(program, /MONGODB_URI/)
  expect((await fetch(`${origin}/healthz`)).status).toBe(200)
  program.child.kill('SIGTERM')
  expect(await program.ended).toBe(0)
  expect(program.output()).not.toContain('s3cret')
})

test('activity-log migrate names the address at which MongoDB does not answer, and exits 69', async () => {
  await using program = startProgram('functions/cli/main.ts', { MONGODB_URI: away }, 'migrate')
  expect(await program.ended).toBe(69)
  expect(program.output()).toMatch(/MONGODB_URI.*127\.0\.0\.1:1\n$/)
})

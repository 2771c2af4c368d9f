import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { openAccessFile } from '@activity-log/shared/access/access-file.ts'
import { newKey } from '@activity-log/shared/access/key.ts'
import { ConfigError } from '@activity-log/shared/config.ts'
import { answerOf, silent } from '@activity-log/shared/testing/builders.ts'
import { aFolder } from '@activity-log/shared/testing/processes.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aLogWithKeys } from './a-log-with-keys.ts'

const main = join(import.meta.dirname, '../../cli/main.ts')

describe('whoever makes a mistake with a key is told what to do next', () => {
  let log: Awaited<ReturnType<typeof openLog>>
  const openLog = () =>
    aLogWithKeys({ shop: { tenant: 'shop', scopes: ['write', 'read'] }, operator: { tenant: '*', scopes: ['write'] } })
  beforeAll(async () => {
    log = await openLog()
  })
  afterAll(() => log.disposeAsync())

  test.each<[what: string, key: 'shop' | 'operator' | undefined, path: string, next: string]>([
    ['no key', undefined, '/logs', 'Authorization: Bearer als_…'],
    ['a key for all tenants without a tenant', 'operator', '/receipts/x', '?tenant=NAME'],
    ['a key without the scope', 'shop', '/dead-letters', 'use one that has it'],
  ])('%s', async (_, key, path, next) => {
    const answer = await fetch(log.origin + path, { headers: key ? log.as(log.keys[key]) : {} })
    expect((await answerOf(answer)).detail).toContain(next)
  })

  test('half of a key', async () => {
    const answer = await fetch(`${log.origin}/logs`, { headers: log.as(log.keys.shop.slice(0, 40)) })
    expect((await answerOf(answer)).detail).toContain('Check that all of it was sent.')
  })

  async function run(words: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const program = spawn(process.execPath, [main, ...words], { env })
    const [said, [code]] = await Promise.all([text(program.stderr), once(program, 'close')])
    return { said, code }
  }

  test.each([
    ['import without a key', ['import', main], undefined, 'Set --key, or ACTIVITY_LOG_KEY.'],
    ['demo without a key', ['demo', '--once'], undefined, 'Set --key, or ACTIVITY_LOG_KEY.'],
    ['demo without a tenant', ['demo', '--once'], 'operator', 'Set --tenant.'],
  ] as const)('%s', async (_, words, key, next) => {
    const env = key === undefined ? {} : { ACTIVITY_LOG_KEY: log.keys[key] }
    const { said, code } = await run([...words, '--url', log.origin], env)
    expect([code, said]).toEqual([1, expect.stringContaining(next)])
  })

  test('the id of no key', async () => {
    const { said } = await run(['keys', 'rotate', newKey().id, '--file', log.path])
    expect(said).toContain('keys list shows them all')
  })

  test('an access file that nobody has made', () => {
    const open = () => openAccessFile({ path: join(aFolder(), 'access.json'), log: silent })
    expect(open).toThrow(ConfigError)
    expect(open).toThrow('activity-log keys create makes it')
  })
})

import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Answer, post } from '@activity-log/shared/testing/builders.ts'
import { aFolder, type Running, startLog } from '@activity-log/shared/testing/processes.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isCall, shellCommands } from './readme-commands.ts'

const root = join(import.meta.dirname, '../..')
const readmes = globSync('**/README.md', { cwd: root, exclude: (path) => path.includes('node_modules') })
/** Calls with a key need the commands before them, so access/walk.long.test.ts runs those. */
const takesKey = (command: string) => command.includes('authorization: Bearer $')
const calls = new Set(
  readmes.flatMap((file) =>
    shellCommands(readFileSync(join(root, file), 'utf8')).filter((command) => isCall(command) && !takesKey(command)),
  ),
)

/** curl's exit status when --max-time ends a stream. */
const curlTimedOut = 28
const hasCurl = spawnSync('curl', ['--version']).status === 0

let log: Running & { origin: string }
const folder = aFolder()

/** Resolves with the receipt of an activity whose outcome is known. */
async function send(activity: object): Promise<string> {
  const response = await fetch(`${log.origin}/logs`, post(activity))
  const { receipt } = (await response.json()) as Answer & { receipt: string }
  expect((await fetch(`${log.origin}/receipts/${receipt}?wait=30`)).status).toBe(200)
  return receipt
}

let letters = 0
/** Resolves with the id of an open dead letter. */
async function aDeadLetter(): Promise<string> {
  const id = `letter-${letters++}`
  await send({ id, userId: 'user_123', action: 'login' })
  const receipt = await send({ id, userId: 'user_123', action: 'pay' })
  const response = await fetch(`${log.origin}/receipts/${receipt}`)
  const { links } = (await response.json()) as { links: { deadLetter: string } }
  return links.deadLetter.replace('/dead-letters/', '')
}

describe.skipIf(!hasCurl)('every call in a README succeeds', () => {
  let receipt = ''
  beforeAll(async () => {
    log = await startLog(aFolder())
    await send({ id: 'a-2', userId: 'user_123', action: 'cart.add', metadata: { sku: 'T-42', count: 2 } })
    receipt = await send({ id: 'order-7', userId: 'user_123', action: 'click_button' })
  })
  afterAll(() => log[Symbol.asyncDispose]())

  test.each([...calls])('%s', async (command) => {
    const letter = /\/dead-letters\/[0-9a-f]{32}/
    const ready = command
      .replaceAll('localhost:3000', log.origin.replace('http://', ''))
      .replaceAll(/(receipts\/|receipt=)[\w-]{24}/g, `$1${receipt}`)
      .replace(letter, letter.test(command) ? `/dead-letters/${await aDeadLetter()}` : '')
      .replace(/^curl /, 'curl --silent --show-error --fail ')
      .replace(' -N ', ' -N --max-time 1 ')
    const { status, stderr } = spawnSync('bash', ['-c', ready], { cwd: folder, encoding: 'utf8' })
    const allowed = command.includes(' -N ') ? [0, curlTimedOut] : [0]
    expect(allowed, `${ready}\n${stderr}`).toContain(status)
  })
})

test('finds calls in the READMEs', () => {
  expect(calls.size).toBeGreaterThan(15)
})

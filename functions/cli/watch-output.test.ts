import { spawnSync } from 'node:child_process'
import { existsSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const main = join(import.meta.dirname, 'main.ts')

test.runIf(existsSync('/dev/full'))('a command whose answer cannot be written fails', () => {
  const { status, stderr } = spawnSync(process.execPath, [main, '--help'], {
    stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
    encoding: 'utf8',
  })
  expect([status, stderr]).toEqual([74, 'The output could not be written: ENOSPC: no space left on device, write\n'])
})

test('a reader that has enough is no failure', () => {
  const line = `{ "${process.execPath}" "${main}" --help; echo "code $?" >&2; } | true`
  const { stderr } = spawnSync('sh', ['-c', line], { encoding: 'utf8' })
  expect(stderr).toBe('code 0\n')
})

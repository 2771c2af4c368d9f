import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { aFolder } from '@activity-log/shared/testing/processes.ts'
import { expect, test } from 'vitest'
import { shellCommands } from '../readme-commands.ts'

const root = join(import.meta.dirname, '../../..')

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

test('a newcomer who follows "In ten minutes" gets what it promises', async () => {
  const [, walk = ''] = /^## In ten minutes\n(.*?)^## /ms.exec(
    readFileSync(join(root, 'shared/access/README.md'), 'utf8'),
  ) as RegExpExecArray
  const folder = aFolder()
  const port = await freePort()
  const commands = shellCommands(walk)
  const started = 'npm start &'
  expect(commands).toContain(started)
  const script = commands
    .map((command) =>
      command === started
        ? `${started}\nuntil curl -sf -o /dev/null localhost:3000/healthz; do sleep 0.1; done`
        : command,
    )
    .map((command) => (/^curl/.test(command) ? `sleep 1.1; echo '>>>'; ${command} -s; echo` : command))
    .join('\n')
    .replaceAll('localhost:3000', `localhost:${port}`)
    .replaceAll('access.json', join(folder, 'access.json'))
  // in a group of its own, which ends with all that it has started
  const child = spawn('bash', ['-c', `set -e\n${script}`], {
    cwd: root,
    env: { ...process.env, PORT: String(port), DATA_DIR: join(folder, 'data') },
    detached: true,
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (text) => {
    stdout += text
  })
  child.stderr.on('data', (text) => {
    stderr += text
  })
  await once(child, 'exit')
  process.kill(-(child.pid as number), 'SIGKILL')
  const answers = stdout.split('>>>\n').slice(1)
  expect(stderr).not.toContain('rror')
  // the key to sign in with
  expect(stdout).toMatch(/^als_\w+$/m)
  const [posted, own, named, next, still, revoked] = answers.map((text) =>
    JSON.parse(/^\{(?!"level").*\}$/m.exec(text)?.[0] ?? 'null'),
  )
  expect(posted).toMatchObject({ receipt: expect.any(String) })
  // the log also has that the key was used for the first time
  const sent = ({ data }: { data: { action: string; id: string }[] }) =>
    data.filter(({ action }) => action === 'click_button').map(({ id }) => id)
  expect(sent(own)).toEqual([posted.id])
  expect(sent(named)).toEqual([posted.id])
  expect(sent(next)).toEqual([posted.id])
  expect(sent(still)).toEqual([posted.id])
  expect(revoked).toMatchObject({ status: 401 })
  rmSync(folder, { recursive: true, force: true })
}, 180_000)

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { maxKeys, readAccessList } from '@activity-log/shared/access/access-list.ts'
import { hashOfKey, hashOfSecret, newKey, readKey, sessionSecretOf } from '@activity-log/shared/access/key.ts'
import { anAccessFile, bearer } from '@activity-log/shared/testing/access.ts'
import { until } from '@activity-log/shared/testing/builders.ts'
import { aFolder, startLog } from '@activity-log/shared/testing/processes.ts'
import { expect, test } from 'vitest'

const { NODE_COMPILE_CACHE } = process.env

function activityLog(words: readonly string[], env: NodeJS.ProcessEnv = {}, input = '') {
  const main = join(import.meta.dirname, 'main.ts')
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...words], {
    env: { NODE_COMPILE_CACHE, ...env },
    encoding: 'utf8',
    input,
  })
  return { status, stdout: stdout.trimEnd(), stderr }
}

const listOf = (file: string) => {
  const list = readAccessList(readFileSync(file, 'utf8'))
  if (typeof list === 'string') throw new Error(list)
  return list
}

test('create makes a file that only its owner reads, and prints a key that is not in it', () => {
  const file = join(aFolder(), 'access.json')
  const words = ['keys', 'create', '--name', 'shop', '--tenant', 'acme', '--scopes', 'write, read', '--rate', '10']
  const made = activityLog([...words, '--expires', '2100-01-01T00:00:00Z'], { ACCESS_FILE: file })
  const key = readKey(made.stdout)
  if (!key) throw new Error(made.stderr)
  expect(made).toEqual({ status: 0, stdout: key.text, stderr: expect.stringContaining(key.id) })
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const { keys } = listOf(file)
  expect(keys).toEqual([
    {
      id: key.id,
      hash: hashOfKey(key),
      sessionHash: hashOfSecret(sessionSecretOf(key)),
      name: 'shop',
      tenant: 'acme',
      scopes: ['write', 'read'],
      rate: 10,
      expires: '2100-01-01T00:00:00Z',
      created: expect.any(String),
    },
  ])
  expect(readFileSync(file, 'utf8')).not.toContain(key.text.slice(16, 59))
  activityLog(['keys', 'create', '--name', 'b', '--tenant', '*', '--file', file])
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(listOf(file).keys.map(({ name }) => name)).toEqual(['shop', 'b'])
  expect(readdirSync(join(file, '..'))).toEqual(['access.json'])
})

test('rotate replaces a key, revoke ends one, and list shows all about them', () => {
  const folder = aFolder()
  const env = { ACCESS_FILE: folder }
  const first = readKey(activityLog(['keys', 'create', '--name', 'shop', '--tenant', 'acme'], env).stdout)
  const second = readKey(activityLog(['keys', 'rotate', first?.id ?? '', '--overlap', '1'], env).stdout)
  expect(activityLog(['keys', 'revoke', second?.id ?? ''], env).status).toBe(0)
  const listed = activityLog(['keys', 'list'], env)
  expect(activityLog(['keys'], env)).toEqual(listed)
  const [head, ...rows] = listed.stdout.split('\n')
  expect(head).toMatch(/^id +name +tenant +scopes +state +created +expires +rate$/)
  expect(rows).toEqual([
    expect.stringMatching(new RegExp(`^${first?.id} +shop +acme +write,read +valid +`)),
    expect.stringMatching(new RegExp(`^${second?.id} +shop +acme +write,read +revoked +`)),
  ])
  const json = JSON.parse(activityLog(['keys', 'list', '--json'], env).stdout)
  expect(json.map(({ state }: { state: string }) => state)).toEqual(['valid', 'revoked'])
  expect(JSON.stringify(json)).not.toContain('hash')
  const expires = new Date(json[0].expires).getTime()
  expect(expires - Date.now()).toBeLessThanOrEqual(3_600_000)
  expect(activityLog(['keys', 'rotate', second?.id ?? ''], env).status).toBe(1)
  expect(activityLog(['keys', 'revoke', newKey().id], env).status).toBe(1)
})

const hasStrace = spawnSync('strace', ['-e', 'trace=none', 'true']).status === 0

test.skipIf(!hasStrace)(
  'a key that was revoked stays so after a power failure: the folder of the file is synced',
  () => {
    const { path, ids } = anAccessFile({ shop: { tenant: 'shop' } })
    const folder = realpathSync(join(path, '..'))
    const trace = join(aFolder(), 'trace')
    const main = join(import.meta.dirname, 'main.ts')
    const calls = 'trace=fsync,rename,renameat,renameat2'
    const command = [process.execPath, main, 'keys', 'revoke', ids.shop, '--file', path]
    const { status } = spawnSync('strace', ['-f', '-y', '-e', calls, '-o', trace, ...command])
    expect(status).toBe(0)
    const made = readFileSync(trace, 'utf8')
      .split('\n')
      .filter((line) => line.includes(folder))
      .map((line) => (/ rename/.test(line) ? 'rename' : line.includes(`<${folder}>`) ? 'sync of the folder' : 'sync'))
    expect(made).toEqual(['sync', 'rename', 'sync of the folder'])
  },
)

test('a key that replaces one that expires does so, too, and the command says it', () => {
  const env = { ACCESS_FILE: aFolder() }
  const create = ['keys', 'create', '--name', 'shop', '--tenant', 'acme']
  const lasting = readKey(activityLog(create, env).stdout)
  const brief = readKey(activityLog([...create, '--expires', '2030-01-01T00:00:00Z'], env).stdout)
  expect(activityLog(['keys', 'rotate', lasting?.id ?? ''], env).stderr).not.toContain('expires')
  const { stderr } = activityLog(['keys', 'rotate', brief?.id ?? '', '--overlap', '87600'], env)
  expect(stderr).toContain(`The key ${brief?.id} is valid until 2030-01-01T00:00:00Z.`)
  expect(stderr).toContain('at 2030-01-01T00:00:00Z')
})

test('rotates a key once, and says which one replaced it', () => {
  const env = { ACCESS_FILE: join(aFolder(), 'access.json') }
  const first = readKey(activityLog(['keys', 'create', '--name', 'shop', '--tenant', 'acme'], env).stdout)
  const second = readKey(activityLog(['keys', 'rotate', first?.id ?? ''], env).stdout)
  const before = readFileSync(env.ACCESS_FILE, 'utf8')
  const again = activityLog(['keys', 'rotate', first?.id ?? ''], env)
  expect([again.status, again.stdout]).toEqual([1, ''])
  expect(again.stderr).toContain(`The key ${first?.id} was replaced by ${second?.id}; rotate that one.`)
  expect(readFileSync(env.ACCESS_FILE, 'utf8')).toBe(before)
  expect(activityLog(['keys', 'rotate', second?.id ?? ''], env).status).toBe(0)
})

test('prints a Secret for kubectl, from a file or from standard input', () => {
  const words = ['keys', 'create', '--name', 'shop', '--tenant', 'acme', '--secret', 'access']
  const made = activityLog([...words, '--file', '-'])
  const secret = JSON.parse(made.stdout)
  expect(secret).toMatchObject({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'access' } })
  const text = secret.stringData['access.json']
  const [key] = /^als_\S+$/m.exec(made.stderr) ?? ['']
  expect(text).toContain(hashOfKey({ id: '', text: key }))
  const again = activityLog(['keys', 'revoke', readKey(key)?.id ?? '', '--file', '-', '--secret', 'access'], {}, text)
  const list = readAccessList(JSON.parse(again.stdout).stringData['access.json'])
  expect(list).toMatchObject({ revoked: { [readKey(key)?.id ?? '']: expect.any(String) } })
  expect(activityLog(['keys', 'revoke', readKey(key)?.id ?? '', '--file', '-'], {}, text).status).toBe(1)
})

test('changes nothing about a file that it does not understand, and says why', () => {
  const folder = aFolder()
  const file = join(folder, 'access.json')
  const create = ['keys', 'create', '--name', 'a', '--tenant', 'a']
  writeFileSync(file, '{"keys":[{}]}')
  const broken = activityLog([...create, '--file', file])
  expect([broken.status, broken.stdout]).toEqual([1, ''])
  expect(broken.stderr).toContain(`${file} /keys/0/`)
  expect(readFileSync(file, 'utf8')).toBe('{"keys":[{}]}')
  for (const words of [['keys'], ['keys', 'rotate', newKey().id], ['keys', 'revoke', newKey().id]]) {
    const missing = activityLog([...words, '--file', join(folder, 'no', 'file')])
    expect([missing.status, missing.stderr]).toEqual([1, expect.stringContaining('keys create makes it')])
  }
  expect(activityLog([...create, '--file', join(folder, 'no', 'file')]).status).toBe(1)
  mkdirSync(join(folder, 'new'))
  expect(activityLog([...create, '--file', join(folder, 'new')]).status).toBe(0)
  expect(existsSync(join(folder, 'new', 'access.json'))).toBe(true)
})

test.each([
  [['--tenant', '$system'], 64],
  [['--tenant', ''], 64],
  [['--tenant', 'a', '--scopes', 'deliver'], 64],
  [['--tenant', 'a', '--scopes', ''], 64],
  [['--tenant', 'a', '--rate', '0'], 64],
  [['--tenant', 'a', '--expires', 'tomorrow'], 64],
])('a key with %j is not made', (words, status) => {
  const file = join(aFolder(), 'access.json')
  expect(activityLog(['keys', 'create', '--name', 'a', '--file', file, ...words]).status).toBe(status)
  expect(existsSync(file)).toBe(false)
})

async function aLogWithKeys() {
  const { path, keys } = anAccessFile({ own: { tenant: 'acme' }, operator: { tenant: '*' } })
  const log = await startLog(aFolder(), { ACCESS_FILE: path })
  const total = async (path: string, key: string) => {
    const answer = await fetch(log.origin + path, { headers: bearer(key) })
    return ((await answer.json()) as { total: number }).total
  }
  return { log, total, ...keys, [Symbol.asyncDispose]: () => log[Symbol.asyncDispose]() }
}

test('import sends the key that it is given, and an operator names the tenant', async () => {
  await using all = await aLogWithKeys()
  const { log, own, operator, total } = all
  expect(log.output()).toContain('Every request needs a key')
  expect((await fetch(`${log.origin}/logs`)).status).toBe(401)
  const file = join(aFolder(), 'lines.ndjson')
  writeFileSync(file, '{"userId":"u","action":"imported"}\n')
  const imported = (words: string[], given: NodeJS.ProcessEnv = {}) =>
    activityLog(['import', file, '--url', log.origin, ...words], given)
  expect(imported([])).toMatchObject({ status: 1, stderr: expect.stringContaining('401') })
  expect(imported(['--key', own]).status).toBe(0)
  expect(imported(['--tenant', 'other'], { ACTIVITY_LOG_KEY: operator }).status).toBe(0)
  expect(imported(['--key', own.slice(0, -1)]).status).toBe(64)
  expect(await total('/logs?action=imported', own)).toBe(1)
  expect(await total('/logs?action=imported&tenant=other', operator)).toBe(1)
}, 60_000)

test('demo sends the key that it is given', async () => {
  await using all = await aLogWithKeys()
  const demo = activityLog(['demo', '--once', '--url', all.log.origin], { ACTIVITY_LOG_KEY: all.own })
  expect([demo.status, demo.stderr]).toEqual([0, ''])
  await until(async () => (await all.total('/logs', all.own)) > 1000)
}, 60_000)

test('a change that no log would read changes nothing', () => {
  const { path, list } = anAccessFile({ one: {} })
  const keys = Array.from({ length: maxKeys }, (_, n) => ({ ...list.keys[0], id: String(n).padStart(11, '0') }))
  const full = JSON.stringify({ ...list, keys })
  writeFileSync(path, full)
  const made = activityLog(['keys', 'create', '--name', 'b', '--tenant', 'acme', '--file', path])
  expect(made).toEqual({ status: 1, stdout: '', stderr: expect.stringContaining(`must be at most ${maxKeys}`) })
  expect(readFileSync(path, 'utf8')).toBe(full)
})

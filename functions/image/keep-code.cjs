/**
 * node keep-code.cjs FLAG … start.cjs PROGRAM.cjs: starts the program once while its image is built, with the flags that it
 * has later, and lets it answer requests, so that start.cjs keeps the code that V8 made. Kafka and MongoDB are out of
 * reach, so what needs them is answered with a 503, or not in time.
 */
const { spawn } = require('node:child_process')
const { hash } = require('node:crypto')
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')

/** No log has this key: it is only here so that the code that reads keys is kept as well. */
const key = `als_onlyAtBuild_${'0'.repeat(43)}_3woOOM`
const kept = {
  id: 'onlyAtBuild',
  hash: hash('sha256', key, 'base64url'),
  sessionHash: hash('sha256', '', 'base64url'),
  name: 'build',
  tenant: 'default',
  scopes: ['write', 'read'],
  created: '2024-01-15T10:00:00Z',
}
const folder = mkdtempSync(join(tmpdir(), 'keep-code-'))
const accessFile = join(folder, 'access.json')
writeFileSync(accessFile, JSON.stringify({ keys: [kept] }))

const activity = JSON.stringify({ id: 'a', userId: 'u', action: 'a', timestamp: '2024-01-15T10:00:00Z' })
const authorization = { authorization: `Bearer ${key}` }
const type = { 'content-type': 'application/json' }
const record = {
  ...type,
  'ce-specversion': '1.0',
  'ce-type': 'dev.activity-log.activity.recorded.v1',
  'ce-source': '/activity-log/default',
  'ce-id': 'a',
  'ce-tenant': 'default',
  'ce-recordedtime': '2024-01-15T10:00:00Z',
  'ce-knativekafkapartition': '0',
  'ce-knativekafkaoffset': '0',
}
const requests = [
  ['/healthz', {}],
  ['/logs', { headers: authorization }],
  ['/logs', { method: 'POST', headers: { ...type, ...authorization }, body: activity }],
  ['/', { method: 'POST', headers: record, body: activity }],
]
/** How long to wait for answers that need Kafka or MongoDB. */
const timeoutMs = 1_000

const env = {
  HOST: '127.0.0.1',
  PORT: '0',
  KAFKA_BROKERS: '127.0.0.1:1',
  MONGODB_URI: 'mongodb://127.0.0.1:1',
  ACCESS_FILE: accessFile,
  KEEP_CODE: 'yes',
}
const program = spawn(process.execPath, process.argv.slice(2), {
  env: { ...process.env, ...env },
  stdio: ['ignore', 'pipe', 'inherit'],
})
let output = ''
program.stdout.on('data', (chunk) => {
  const before = /"port":/.test(output)
  output += chunk
  const port = /"port":(\d+),/.exec(output)?.[1]
  if (port && !before) void answer(port).finally(() => program.kill('SIGTERM'))
})
program.on('exit', (status) => {
  rmSync(folder, { recursive: true })
  if (status === 0) return
  console.error(`The program ended with ${status} instead of 0:\n${output}`)
  process.exitCode = 1
})

async function answer(port) {
  for (const [path, init] of requests) {
    await fetch(`http://127.0.0.1:${port}${path}`, { ...init, signal: AbortSignal.timeout(timeoutMs) }).catch(() => {})
  }
}

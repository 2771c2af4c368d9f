import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import type { SentActivity } from '@activity-log/shared/activity.ts'
import { type Answer, anActivity, post } from '@activity-log/shared/testing/builders.ts'
import { askForKeys } from './compose-keys.ts'
import { otherMongodb } from './compose-mongodb.ts'
import { freePorts } from './production.ts'

/** npm run system -- compose: uses docker-compose.yml as a user does, in a project and on a port of its own. */
const help = `npm run system -- compose needs Docker with its compose plugin and a running engine; "docker compose ls"
checks both. COMPOSE names another command that takes the same arguments, such as "docker-compose", and MONGODB_IMAGE
an image in place of mongo:8.`

const root = join(import.meta.dirname, '../..')
const [command = '', ...commandArgs] = (process.env['COMPOSE'] || 'docker compose').split(' ')
const project = `activity-log-test-${randomUUID().slice(0, 8)}`
const port = process.env['PORT'] || String((await freePorts(1))[0])
const origin = `http://localhost:${port}`
const functions = ['ingest', 'persist', 'query']
const own = [...functions, 'gateway', 'kafka-source', 'dead-letter-source']
const maxRssMib = 100

const folder = mkdtempSync(join(tmpdir(), 'activity-log-compose-'))
const files = [join(root, 'docker-compose.yml'), ...otherMongodb(process.env['MONGODB_IMAGE'], folder)]

/** Runs compose on the file, and shows its output or returns it. Throws the output as an error. */
async function compose(
  args: readonly string[],
  { show = false, timeoutMs = 900_000, env = {} as NodeJS.ProcessEnv } = {},
): Promise<string> {
  const options = ['--project-name', project, ...files.flatMap((file) => ['--file', file])]
  const child = spawn(command, [...commandArgs, ...options, ...args], {
    env: { ...process.env, PORT: port, COMPOSE_PROFILES: '', ...env },
    stdio: ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'],
    timeout: timeoutMs,
  })
  const [out, error, [code]] = await Promise.all([
    child.stdout ? text(child.stdout) : '',
    child.stderr ? text(child.stderr) : '',
    once(child, 'close'),
  ])
  if (code !== 0) throw new Error(`compose ${args.join(' ')} ended with ${code ?? 'no answer'}\n${error || out}`.trim())
  return out
}

const upAgain = (env: NodeJS.ProcessEnv = {}) => compose(['up', '--detach', '--wait', '--wait-timeout', '300'], { env })

/** The ids of all activities that were answered with 202. */
const accepted = new Set<string>()
let retries = 0

const request = (path: string, init: RequestInit = {}) =>
  fetch(origin + path, { ...init, signal: AbortSignal.timeout(15_000) })

const answer = async (path: string, init?: RequestInit) => {
  const response = await request(path, init)
  return { status: response.status, headers: response.headers, body: (await response.json()) as Answer }
}

/**
 * Asks for a page until there is one: a 503 says to retry, and a machine under load takes longer than a function waits.
 */
async function page(path: string): Promise<Answer> {
  for (let tries = 0; ; tries++) {
    const { status, body } = await answer(path)
    if (status === 200) return body
    assert(status === 503 && tries < 60, `GET ${path}: ${status}`)
    await wait(1000)
  }
}

/** Sends the same activities until they are accepted, as every client may. */
async function send(activities: readonly SentActivity[]): Promise<void> {
  const lines = activities.map((activity) => JSON.stringify(activity)).join('\n')
  for (let rest = true; rest; ) {
    const response = await request('/logs', post(lines, { 'content-type': 'application/x-ndjson' })).catch(
      () => undefined,
    )
    await response?.arrayBuffer().catch(() => undefined)
    rest = response?.status !== 202
    if (rest) retries++
    if (rest) await wait(100)
  }
  for (const { id } of activities) accepted.add(id ?? '')
}

/** Resolves when the condition holds. A request that fails means that it does not hold yet. */
async function eventually(what: string, condition: () => Promise<boolean>, timeoutMs = 120_000): Promise<void> {
  const deadline = Date.now() + timeoutMs
  let cause: unknown
  const holds = () =>
    condition().catch((error) => {
      cause = error
      return false
    })
  while (!(await holds())) {
    if (Date.now() > deadline) {
      const last = cause instanceof Error ? `; last error: ${cause.message}` : ''
      throw new Error(`${what}: this took longer than ${timeoutMs / 1000} s${last}`, { cause })
    }
    await wait(200)
  }
}

const total = async () => (await answer('/logs?limit=1&count=exact')).body.total

async function assertEachOnce(): Promise<void> {
  await eventually(`${accepted.size} activities are found`, async () => (await total()) >= accepted.size, 300_000)
  const found: string[] = []
  for (let path: string | null = '/logs?limit=1000&count=none'; path; ) {
    const body: Answer = await page(path)
    found.push(...body.data.map(({ id }) => id))
    path = body.next
  }
  const missing = [...accepted].filter((id) => !new Set(found).has(id))
  assert(missing.length === 0, `${missing.length} are missing: ${missing.slice(0, 5).join(', ')}`)
  assert(found.length === accepted.size, `${accepted.size} were accepted, but ${found.length} are found`)
}

function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message)
}

async function callsOfTheReadme() {
  const one = await answer('/logs', post(anActivity({ id: undefined })))
  assert(one.status === 202, `POST /logs: ${one.status}`)
  accepted.add(one.body.id)
  assert(one.headers.get('location') === `/logs/${one.body.id}`, `location: ${one.headers.get('location')}`)
  await send(['login', 'cart.add'].map((action, n) => anActivity({ id: `a-${n + 1}`, action, userId: 'user_124' })))
  await eventually('GET /logs/a-2', async () => (await answer('/logs/a-2')).body.id === 'a-2')
  await eventually('a page of a user', async () => {
    const { body } = await answer('/logs?userId=user_123&page=1&limit=5')
    return body.data.length === 1 && body.data[0]?.timestamp === '2024-01-15T10:00:00Z'
  })
  const wrong = await answer('/logs', post({ userId: ' ', action: 'x', ip: '203.0.113.9' }))
  const pointers = wrong.body.errors.map(({ pointer }) => pointer).join(' ')
  assert(
    wrong.status === 400 && pointers === '/userId /ip',
    `an invalid activity was answered with: ${wrong.status} ${pointers}`,
  )
  assert(
    wrong.headers.get('content-type') === 'application/problem+json',
    'an error has to be application/problem+json',
  )
  for (const path of ['/', '/undelivered', '/dead-letters']) {
    const status = (await request(path, { method: 'POST', body: '{}' })).status
    assert(status === 404 || status === 405, `persist must not be reachable: POST ${path} is answered with ${status}`)
  }
}

async function tenThousand() {
  const all = Array.from({ length: 10_000 }, (_, n) => anActivity({ id: `many-${n}`, metadata: { n } }))
  for (let at = 0; at < 5000; at += 500) await send(all.slice(at, at + 500))
  const alone = all.slice(5000)
  await Promise.all(
    Array.from({ length: 32 }, async () => {
      for (let next = alone.pop(); next; next = alone.pop()) await send([next])
    }),
  )
  await assertEachOnce()
  // a function returns the memory of a burst once it is idle
  const began = Date.now()
  const rss = new Map<string, number>()
  const measure = async (services: readonly string[]) => {
    for (const service of services) rss.set(service, await rssMib(service))
    return services.every((service) => (rss.get(service) ?? 0) <= maxRssMib)
  }
  const show = () => [...rss].map(([name, mib]) => `${name} ${mib} MiB`).join(', ')
  while (!(await measure(functions))) {
    assert(Date.now() - began < 180_000, `more than ${maxRssMib} MiB for 3 minutes: ${show()}`)
    console.log(`        resident: ${show()}; waiting until it shrinks`)
    await wait(10_000)
  }
  await measure(own)
  console.log(`        resident: ${show()}`)
}

async function rssMib(service: string): Promise<number> {
  const status = `require('fs').readFileSync('/proc/1/status','utf8')`
  const kib = await compose(['exec', '-T', service, '/nodejs/bin/node', '-p', `/VmRSS:\\s+(\\d+)/.exec(${status})[1]`])
  return Math.round(Number(kib) / 1024)
}

async function restarts() {
  const services = (await compose(['config', '--services'])).trim().split('\n')
  let running = true
  let count = 0
  const sending = Array.from({ length: 4 }, async () => {
    while (running) {
      await send([anActivity({ id: `restart-${count++}` })])
      // this is slower than the slowest store saves, because a growing backlog would delay each step below
      await wait(100)
    }
  })
  // this service runs once, so there is nothing to restart
  for (const service of services.filter((name) => name !== 'topics')) {
    const [before, began] = [retries, Date.now()]
    await compose(['restart', service])
    const marker = `after-${service}`
    await send([anActivity({ id: marker })])
    await eventually(
      `the activity sent after the restart of ${service} is found`,
      async () => (await request(`/logs/${marker}`)).ok,
    )
    const seconds = ((Date.now() - began) / 1000).toFixed(1)
    console.log(
      `        ${service}: ${seconds} s until an activity is found again, ${retries - before} requests retried`,
    )
  }
  running = false
  await Promise.all(sending)
  await assertEachOnce()
}

async function stopsWithZero() {
  await compose(['stop', ...own])
  const codes = await compose(['ps', '--all', '--format', '{{.Service}} {{.ExitCode}}', ...own])
  const wrong = codes
    .trim()
    .split('\n')
    .filter((line) => !line.endsWith(' 0'))
  assert(wrong.length === 0, `other exit codes than 0: ${wrong.join(', ')}`)
}

async function downAndUp() {
  await compose(['down'])
  await upAgain()
  await assertEachOnce()
}

const ledgerIsComplete = () => compose(['run', '--rm', 'ledger']).then(() => true)

const steps: readonly [string, () => Promise<unknown>][] = [
  [
    'builds the images, and every service becomes healthy',
    () => compose(['up', '--build', '--detach', '--wait', '--wait-timeout', '600'], { show: true }),
  ],
  ['answers the calls of the README', callsOfTheReadme],
  [`finds each of 10,000 activities once, with no function over ${maxRssMib} MiB`, tenThousand],
  ['finds each activity once after every service restarted under load', restarts],
  ['ends every program with 0 at a stop', stopsWithZero],
  ['finds each activity once after down and up', downAndUp],
  [
    'asks for the keys that were made, and records who uses it',
    () => askForKeys({ origin, compose, request, answer, eventually, upAgain }),
  ],
  // a store that was just started may answer too late at first, but a gap stays a gap
  [
    'has a complete ledger that agrees with Kafka',
    () => eventually('the ledger is complete', ledgerIsComplete, 600_000),
  ],
]

let passed = 0
let failed = 0
try {
  await compose(['version'], { timeoutMs: 20_000 })
  await compose(['ps'], { timeoutMs: 20_000 })
} catch (error) {
  console.error(`${help}\n\n${(error as Error).message}`)
  process.exit(1)
}
process.once('SIGINT', () => void cleanUp().finally(() => process.exit(130)))
process.once('SIGTERM', () => void cleanUp().finally(() => process.exit(143)))
console.log(`docker-compose.yml as project ${project} at ${origin}`)
for (const [name, step] of steps) {
  const began = Date.now()
  console.log(`…       ${name}`)
  try {
    await step()
    passed++
    console.log(`ok      ${name} (${((Date.now() - began) / 1000).toFixed(0)} s)`)
  } catch (error) {
    failed++
    console.error(`FAILED  ${name}: ${(error as Error).message}`)
    console.error(await compose(['logs', '--no-color', '--tail', '10', ...own]).catch(() => ''))
    // the later steps need this one
    break
  }
}
await cleanUp()
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)

/**
 * Removes only what this project created: containers, network and volumes. The images stay, which makes the next run
 * faster.
 */
async function cleanUp() {
  await compose(['down', '--volumes', '--remove-orphans', '--timeout', '5']).catch(({ message }) =>
    console.error(message),
  )
  rmSync(folder, { recursive: true })
}

import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { encodeSnapshot } from '@activity-log/shared/snapshot.ts'
import type { Answer } from '@activity-log/shared/testing/builders.ts'
import { aFolder, startLog, startProgram, written } from '@activity-log/shared/testing/processes.ts'
import { type Connection, openConnection } from './connection.ts'
import { fillFolder, fillPlainTable, makeUp } from './made-up-log.ts'
import { requestsOf, type ScaleRequest } from './scale-requests.ts'
import { type Measured, tableOf } from './scale-table.ts'
import { waitsBeside, waitsTable } from './waits-beside.ts'

const usage = `Usage: npm run system -- scale [--size 100000,1000000] [--folder FOLDER] [--cold] [--beside] [--write]

Makes logs of these sizes, and asks for lists, counts and stats over HTTP, beside a plain table of the same rows.
Compares the answers with what was made. With --folder, the logs are kept there and used again. --cold also measures
each request after a restart, without the file cache. --beside also measures what others wait while somebody reads most
of the log. --write puts the table into the README.`

/** Each request is asked this often, but not for longer. */
const times = 30
const warmUps = 2000
const maxMs = 3000

async function main() {
  const options = {
    size: { type: 'string', default: '100000,1000000' },
    folder: { type: 'string' },
    cold: { type: 'boolean' },
    beside: { type: 'boolean' },
    write: { type: 'boolean' },
    help: { type: 'boolean' },
  } as const
  const { values } = parseArgs({ options })
  if (values.help) return console.log(usage)
  const folder = values.folder ?? aFolder()
  const measured: Measured[] = []
  let wrong = 0
  let unserved = 0
  for (const size of values.size.split(',').map(Number)) {
    console.error(`Making ${size.toLocaleString('en')} activities`)
    const log = makeUp(size)
    const path = join(folder, String(size))
    await fillFolder(path, log, (done) => done % 500_000 === 0 && console.error(`  ${done.toLocaleString('en')} saved`))
    const plainPath = join(path, 'plain.sqlite')
    fillPlainTable(plainPath, log)
    const asOf = (share: number) => encodeSnapshot([{ partition: 1, last: Math.ceil(size * share) - 1, missing: [] }])
    const requests = requestsOf(log, { 0.5: asOf(0.5), 0.01: asOf(0.01), 0.999: asOf(0.999) })
    const bytes = statSync(join(path, 'store.db')).size / size
    const plainBytes = statSync(plainPath).size / size
    measured.push({ name: 'bytes per activity', size, ms: bytes, plainMs: plainBytes })
    for (const each of await ask(path, plainPath, requests)) {
      measured.push({ size, ...each, ...(values.cold && { coldMs: await cold(path, each.url) }) })
      if (!each.isRight) wrong++
      console.error(
        `  ${each.name}: ${each.ms.toFixed(2)} ms, plain ${each.plainMs?.toFixed(2)}${each.isRight ? '' : ' WRONG'}`,
      )
    }
    if (values.beside) {
      const waits = await waitsBeside(path, { asOf: asOf(0.01), size })
      console.log(`${size.toLocaleString('en')} activities\n${waitsTable(waits)}\n`)
      unserved += waits.reduce((sum, { failed }) => sum + failed, 0)
    }
  }
  const table = tableOf(measured)
  console.log(table)
  if (values.write) writeTable(table)
  if (wrong > 0) console.error(`${wrong} answers differ from what was made`)
  if (unserved > 0) console.error(`${unserved} requests were not served beside a read`)
  process.exitCode = wrong + unserved > 0 ? 1 : 0
}

type Asked = { name: string; url: string; ms: number; plainMs: number | undefined; isRight: boolean }

async function ask(path: string, plainPath: string, requests: readonly ScaleRequest[]): Promise<Asked[]> {
  await using log = await startLog(path)
  await using plain = startProgram('functions/testing/scale/plain-server.ts', {}, plainPath)
  const plainOrigin = new URL(await written(plain, /(http:\/\/127\S*)\/logs/)).origin
  using ours = openConnection(log.origin)
  using others = openConnection(plainOrigin)
  for (const connection of [ours, others]) await warmUp(connection)
  const asked: (Omit<Asked, 'isRight'> & { answer: Answer; isRight: ScaleRequest['isRight'] })[] = []
  for (const { name, url, isRight, plain = true } of requests) {
    const { ms, answer } = await timed(ours, url)
    const plainMs = plain ? (await timed(others, url)).ms : undefined
    asked.push({ name, url, ms, plainMs, isRight, answer })
  }
  // comparing may take long, and idle connections would be closed
  return asked.map(({ answer, isRight, ...each }) => ({ ...each, isRight: isRight(answer) }))
}

/** V8 compiles what has run often, so the first requests to a process would be slower than the later ones. */
async function warmUp({ ask }: Connection): Promise<void> {
  for (let n = 0; n < warmUps; n++) await ask(`/logs?page=${1 + (n % 3)}`)
}

async function timed({ ask }: Connection, url: string): Promise<{ ms: number; answer: Answer }> {
  const took: number[] = []
  let answer = ''
  for (const began = performance.now(); took.length < times && performance.now() - began < maxMs; ) {
    const start = performance.now()
    const { status, text } = await ask(url)
    took.push(performance.now() - start)
    if (status !== 200) console.error(`${url}: ${status}`)
    answer = text
  }
  // the first times show a cold process
  const warm = took.slice(Math.floor(took.length / 5)).sort((one, other) => one - other)
  return { ms: warm[warm.length >> 1] as number, answer: JSON.parse(answer) as Answer }
}

/** The time of a first request after a restart, when nothing of the files is in memory. */
async function cold(path: string, url: string): Promise<number> {
  await using log = await startLog(path)
  using connection = openConnection(log.origin)
  await connection.ask('/healthz')
  for (const file of readdirSync(path).filter((name) => name.startsWith('store.db'))) {
    const name = join(path, file)
    execFileSync('dd', [`if=${name}`, 'iflag=nocache', 'count=0'], { stdio: 'ignore' })
  }
  const start = performance.now()
  await connection.ask(url)
  return performance.now() - start
}

/** Replaces the table between the two marks. */
function writeTable(table: string) {
  const path = join(import.meta.dirname, 'README.md')
  const text = readFileSync(path, 'utf8')
  writeFileSync(path, text.replace(/(?<=<!-- table -->\n)[\s\S]*(?=<!-- end -->)/, `\n${table}\n\n`))
}

await main()

import { join } from 'node:path'
import { parseArgs } from 'node:util'
import autocannon from 'autocannon'
import { StartError } from '../../config.ts'
import { run } from '../../http/run.ts'
import { answerOf, until } from '../builders.ts'
import { aFolder, startCommand, startLog, written } from '../processes.ts'
import { madeUpFile } from './made-up-file.ts'
import { posting } from './posting.ts'
import { measureQuery } from './query.ts'
import { type Note, noteIn, printMachine, printTable, type Results, residentMebibytes } from './report.ts'

const usage = `Usage: npm run bench [-- --rounds 5 --seconds 4 --file activities.ndjson.gz]
       npm run bench -- query [--rounds 5] [--folder FOLDER]

Measures the log in one process over loopback, from 64 connections, with the load made by another process on the same
machine. --file is imported twice into an empty log; without it 27,324 activities are made up.

query: lists, export and live streams over 1,000,000 activities, which takes minutes to make; --folder keeps them for the
next time.`

const connections = 64
const root = join(import.meta.dirname, '../../..')

async function main() {
  const options = {
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    file: { type: 'string' },
    folder: { type: 'string' },
    help: { type: 'boolean' },
  } as const
  const { values, positionals } = parseArgs({ options, allowPositionals: true })
  const [what] = positionals
  if (values.help) return console.log(usage)
  if (what !== undefined && what !== 'query') throw new StartError(`There is no benchmark named ${what}.\n\n${usage}`)
  const rounds = Number(values.rounds ?? 5)
  const duration = Number(values.seconds ?? 4)

  printMachine()
  const results: Results = new Map()
  const note = noteIn(results)

  if (what === 'query') {
    await measureQuery({ rounds, folder: values.folder, note })
  } else {
    await measureImport(values.file, note)
    await measureRequests(rounds, duration, note)
  }

  printTable(results)
}

async function measureRequests(rounds: number, duration: number, note: Note) {
  await using log = await startLog(aFolder())
  const url = `${log.origin}/logs`
  const post = posting(url, connections, duration)
  let accepted = 0
  for (let round = 0; round < rounds; round++) {
    const posts = await autocannon(post)
    accepted += posts['2xx']
    note('POST /logs, 200 bytes each: activities/s', Math.round(posts['2xx'] / posts.duration))
    note('POST /logs: p99 in ms', posts.latency.p99)
    note('POST /logs: not answered 202', posts.non2xx + posts.errors)
    const behind = performance.now()
    await until(async () => (await answerOf(await fetch(`${url}?count=exact&limit=1`))).total >= accepted)
    note('all of them visible after: ms', Math.round(performance.now() - behind))
    const gets = await autocannon({ url, connections, duration })
    note('GET /logs: pages/s', Math.round(gets['2xx'] / gets.duration))
    note('GET /logs: p99 in ms', gets.latency.p99)
    note('GET /logs: not answered 200', gets.non2xx + gets.errors)
  }
}

async function measureImport(file: string | undefined, note: Note) {
  const folder = aFolder()
  await using log = await startLog(folder)
  const source = file ?? madeUpFile(folder)
  for (const time of ['first', 'second'] as const) {
    const start = performance.now()
    const script = join(root, 'functions/local/import.ts')
    await using program = startCommand(process.execPath, [script, source, '--url', log.origin])
    const imported = await written(program, /([\d,]+) activities are in the log/)
    note(
      `import of ${imported} activities, the ${time} time, until all are visible: ms`,
      Math.round(performance.now() - start),
    )
    note(`resident memory after the ${time} import: MiB`, residentMebibytes(log.child.pid))
  }
}

run(main)

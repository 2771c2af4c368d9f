import { join } from 'node:path'
import autocannon from 'autocannon'
import { answerOf, until } from '../builders.ts'
import { aFolder, startCommand, startLog, written } from '../processes.ts'
import { madeUpFile } from './made-up-file.ts'
import { posting } from './posting.ts'
import { type Note, residentMebibytes } from './report.ts'

const connections = 64
const root = join(import.meta.dirname, '../../..')

export type EmbeddedOptions = { rounds: number; seconds: number; file: string | undefined; note: Note }

/** The log in one process over loopback, from 64 connections, with the load made by another process. */
export async function measureEmbedded({ rounds, seconds, file, note }: EmbeddedOptions): Promise<void> {
  await measureImport(file, note)
  await measureRequests(rounds, seconds, note)
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

import { join } from 'node:path'
import { answerOf, until } from '@activity-log/shared/testing/builders.ts'
import { aFolder, startCommand, startLog, written } from '@activity-log/shared/testing/processes.ts'
import { type Note, residentMebibytes } from './bench-report.ts'
import { madeUpFile } from './made-up-file.ts'
import { load } from './server.ts'

const connections = 64
const root = join(import.meta.dirname, '../../..')

export type EmbeddedOptions = { rounds: number; seconds: number; file: string | undefined; note: Note }

/** Measures the log in one process over loopback, with 64 connections from another process. */
export async function measureEmbedded({ rounds, seconds, file, note }: EmbeddedOptions): Promise<void> {
  await measureImport(file, note)
  await measureRequests(rounds, seconds, note)
}

async function measureRequests(rounds: number, seconds: number, note: Note) {
  await using log = await startLog(aFolder())
  let sent = 0
  for (let round = 0; round < rounds; round++) {
    const posts = await load(log.origin, 'activities', connections, seconds)
    sent += posts.sent
    note('POST /logs, 200 bytes each: activities/s', Math.round(posts.rate))
    note('POST /logs: p99 in ms', posts.p99)
    const behind = performance.now()
    await until(async () => (await answerOf(await fetch(`${log.origin}/logs?count=exact&limit=1`))).total >= sent)
    note('until all of them are visible: ms', Math.round(performance.now() - behind))
    const gets = await load(log.origin, 'pages', connections, seconds)
    note('GET /logs: pages/s', Math.round(gets.rate))
    note('GET /logs: p99 in ms', gets.p99)
  }
}

async function measureImport(file: string | undefined, note: Note) {
  const folder = aFolder()
  await using log = await startLog(folder)
  const source = file ?? madeUpFile(folder)
  for (const time of ['first', 'second'] as const) {
    const start = performance.now()
    const script = join(root, 'functions/cli/main.ts')
    await using program = startCommand(process.execPath, [script, 'import', source, '--url', log.origin])
    const imported = await written(program, /(?:^|, )([1-9][\d,]*) (?:stored|duplicates)/m)
    note(
      `import of ${imported} activities, the ${time} time, until all are visible: ms`,
      Math.round(performance.now() - start),
    )
    note(`resident memory after the ${time} import: MiB`, residentMebibytes(log.child.pid))
  }
}

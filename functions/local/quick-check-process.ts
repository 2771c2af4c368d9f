import { writeSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { isMainThread, Worker, workerData } from 'node:worker_threads'

/** Checks the files that are named as arguments, and writes a line of JSON about each damaged one. */
if (isMainThread) start(process.argv.slice(2))
else for (const path of workerData as string[]) report(path)

/** The check runs in a thread, so that this process ends at once when the log does. */
function start(paths: readonly string[]) {
  const worker = new Worker(new URL(import.meta.url), { workerData: paths })
  worker.on('exit', (code) => process.exit(code))
  process.stdin.on('end', () => process.kill(process.pid, 'SIGKILL')).resume()
}

function report(path: string) {
  const damage = damageIn(path)
  // output of console.log in a thread is lost when the process ends
  if (damage !== undefined) writeSync(1, `${JSON.stringify({ path, damage })}\n`)
}

function damageIn(path: string): string | undefined {
  try {
    using db = new DatabaseSync(path, { readOnly: true, timeout: 1_000 })
    const [first] = db.prepare('PRAGMA quick_check(1)').all() as { quick_check: string }[]
    return first?.quick_check === 'ok' ? undefined : (first?.quick_check ?? 'the check said nothing')
  } catch (error) {
    return (error as Error).message
  }
}

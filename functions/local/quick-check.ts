import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { Log } from '@activity-log/shared/log.ts'

export type QuickCheckOptions = {
  paths: readonly string[]
  log: Log
  /** How long after the start it begins, so that it delays neither the start nor the first answers. */
  delayMs?: number
  /** A larger file is checked only in part. */
  maxMs?: number
}

/**
 * Looks for damage in the files once, and logs what it finds. The check is a process of its own, since nothing can
 * interrupt a statement of SQLite in a thread: a stop of the log would wait for it.
 */
export function startQuickCheck({ paths, log, delayMs = 500, maxMs = 2_000 }: QuickCheckOptions): AsyncDisposable {
  const stop = new AbortController()
  let running: Promise<void> | undefined
  const timer = setTimeout(() => {
    running = check().catch((error) => {
      if (!stop.signal.aborted) log.warn({ err: error }, 'the data could not be checked for damage')
    })
  }, delayMs)
  timer.unref()

  async function check() {
    const script = fileURLToPath(new URL('./quick-check-process.ts', import.meta.url))
    const child = spawn(process.execPath, [script, ...paths], {
      // the process ends when this one does, however it ends
      stdio: ['pipe', 'pipe', 'ignore'],
      signal: stop.signal,
      killSignal: 'SIGKILL',
    })
    const late = setTimeout(() => child.kill('SIGKILL'), maxMs)
    try {
      const [said] = await Promise.all([text(child.stdout), once(child, 'close')])
      for (const line of said.split('\n')) {
        const { path, damage } = line === '' ? {} : (JSON.parse(line) as { path: string; damage: string })
        if (damage) log.error({ path, damage }, 'a file of the log is damaged; put back both files from one backup')
      }
    } finally {
      clearTimeout(late)
    }
  }

  return {
    async [Symbol.asyncDispose]() {
      clearTimeout(timer)
      stop.abort()
      await running
    },
  }
}

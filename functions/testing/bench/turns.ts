import { writeFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

/**
 * Loaded before a program, it measures the CPU time of each turn of the event loop. On SIGUSR2 it writes the longest
 * turn since the last time, in milliseconds, to the file that TURNS_FILE names.
 */
if (isMainThread) measureTurns(process.env['TURNS_FILE'] as string)

function measureTurns(file: string) {
  let longest = 0
  let last = cpuMs()
  function turn() {
    const now = cpuMs()
    longest = Math.max(longest, now - last)
    last = now
    setImmediate(turn)
  }
  setImmediate(turn)
  process.on('SIGUSR2', () => {
    // the current turn has not ended
    const ms = Math.max(longest, cpuMs() - last)
    longest = 0
    writeFileSync(file, JSON.stringify(ms))
  })
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

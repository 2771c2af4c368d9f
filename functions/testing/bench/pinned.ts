import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { type Running, startCommand } from '@activity-log/shared/testing/processes.ts'

/** Servers run on one core and their load on the other, so that neither takes the other's time. */
export const serverCore = 0
export const loadCore = Math.min(1, cpus().length - 1)

/** Starts a program on one core. The benchmark itself runs on any. */
export function startPinned(
  core: number,
  [command, ...args]: readonly [string, ...string[]],
  env: NodeJS.ProcessEnv = {},
): Running {
  return startCommand('taskset', ['--cpu-list', `${core}`, command, ...args], env)
}

/** The CPU time that a process has used, in seconds, as the operating system counts it. */
export function cpuSeconds(pid: number | undefined): number {
  // the name is in parentheses, and may contain any character
  const [, rest = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(/\) /)
  const [user, system] = rest.split(' ').slice(11, 13).map(Number)
  return ((user ?? Number.NaN) + (system ?? Number.NaN)) / ticks
}

/**
 * The CPU time of all threads of a process, to the nanosecond, for processes that use less than the operating system
 * counts.
 */
export function threadSeconds(pid: number | undefined): number {
  const threads = readdirSync(`/proc/${pid}/task`)
  const times = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
  )
  return times.reduce((sum, time) => sum + time, 0) / 1e9
}

const ticks = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

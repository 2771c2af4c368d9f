import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { written } from '@activity-log/shared/testing/processes.ts'
import { residentMebibytes } from './bench-report.ts'
import type { Comparison } from './compare-rounds.ts'
import type { Kind, Seen } from './load.ts'
import { cpuSeconds, loadCore, serverCore, startPinned } from './pinned.ts'
import type { Start } from './programs.ts'

export type LoadOptions = { rounds: number; seconds: number }
/** The results of a server under load; the CPU time is in microseconds for each answered request. */
export type Served = Seen & { cpuMicros: number; residentMebibytes: number }
export type Server = AsyncDisposable & {
  /** With a key, each request shows it. */
  under(kind: Kind, connections: number, seconds: number, key?: string): Promise<Served>
}

/**
 * Starts a server on its core. It is paused while others are measured, because even an idle server would take some of
 * their time.
 */
export async function aServer({ command, env: own }: Start, env: NodeJS.ProcessEnv): Promise<Server> {
  const program = startPinned(serverCore, command, { ...own, ...env, PORT: '0' })
  const origin = `http://localhost:${await written(program, /(?:"port":|localhost:)(\d+)/)}`
  const { child } = program
  // meanwhile it connects to the servers that it depends on
  await wait(1_000)
  child.kill('SIGSTOP')
  return {
    async under(kind, connections, seconds, key) {
      child.kill('SIGCONT')
      const before = cpuSeconds(child.pid)
      const seen = await load(origin, kind, connections, seconds, key)
      const cpu = cpuSeconds(child.pid) - before
      child.kill('SIGSTOP')
      // includes the warm-up, which takes one more second
      const cpuMicros = (cpu / (seen.rate * (seconds + 1))) * 1e6
      return { ...seen, cpuMicros, residentMebibytes: residentMebibytes(child.pid) }
    },
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  }
}

/** Loads a server from another process, on the core for the load. Throws when a request was rejected. */
export async function load(
  origin: string,
  kind: Kind,
  connections: number,
  seconds: number,
  key?: string,
): Promise<Seen> {
  const script = join(import.meta.dirname, 'load.ts')
  const keys = key === undefined ? [] : [key]
  const command = [process.execPath, script, origin, kind, `${connections}`, `${seconds}`, ...keys] as const
  await using loading = startPinned(loadCore, command)
  const seen = JSON.parse(await written(loading, /\{.*\}/)) as Seen
  if (seen.rejected > 0) throw new Error(`${seen.rejected} of ${seen.answered + seen.rejected} requests were rejected`)
  return seen
}

type Cell<Name> = readonly [name: Name, member: keyof Served, times?: number]

/** Collects comparisons of the measurements under these names. */
export const rowsOf =
  <Name extends string>(measured: { readonly [name in Name]: readonly Served[] }) =>
  (what: string, against: string, target: Comparison['target'], ours: Cell<Name>, theirs: Cell<Name>): Comparison => {
    const numbers = ([name, member, times = 1]: Cell<Name>) => measured[name].map((served) => served[member] * times)
    return { what, against, ...(target && { target }), ours: numbers(ours), theirs: numbers(theirs) }
  }

import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { written } from '@activity-log/shared/testing/processes.ts'
import type { Comparison } from './compare-rounds.ts'
import type { Kind, Seen } from './load.ts'
import { cpuSeconds, loadCore, serverCore, startPinned } from './pinned.ts'
import type { Start } from './programs.ts'

export type LoadOptions = { rounds: number; seconds: number }
/** What a server did under a load; the CPU time is in microseconds for each answered request. */
export type Served = Seen & { cpuMicros: number }
export type Server = AsyncDisposable & { under(kind: Kind, connections: number, seconds: number): Promise<Served> }

/** A server on its core. It stands still while others are measured: an idle one would take of their time. */
export async function aServer({ command, env: own }: Start, env: NodeJS.ProcessEnv): Promise<Server> {
  const program = startPinned(serverCore, command, { ...own, ...env, PORT: '0' })
  const origin = `http://localhost:${await written(program, /(?:"port":|localhost:)(\d+)/)}`
  const { child } = program
  // until it has met what it depends on
  await wait(1_000)
  child.kill('SIGSTOP')
  return {
    async under(kind, connections, seconds) {
      child.kill('SIGCONT')
      const before = cpuSeconds(child.pid)
      const seen = await load(origin, kind, connections, seconds)
      const cpu = cpuSeconds(child.pid) - before
      child.kill('SIGSTOP')
      // of the warm-up as well, which takes one second more
      return { ...seen, cpuMicros: (cpu / (seen.rate * (seconds + 1))) * 1e6 }
    },
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  }
}

/** From a process of its own, on the core for that. Throws when anything was refused. */
export async function load(origin: string, kind: Kind, connections: number, seconds: number): Promise<Seen> {
  const script = join(import.meta.dirname, 'load.ts')
  const command = [process.execPath, script, origin, kind, `${connections}`, `${seconds}`] as const
  await using loading = startPinned(loadCore, command)
  const seen = JSON.parse(await written(loading, /\{.*\}/)) as Seen
  if (seen.refused > 0) throw new Error(`${seen.refused} of ${seen.answered + seen.refused} requests were refused`)
  return seen
}

type Cell<Name> = readonly [name: Name, member: keyof Served, times?: number]

/** Comparisons of what was measured under these names. */
export const rowsOf =
  <Name extends string>(measured: { readonly [name in Name]: readonly Served[] }) =>
  (what: string, against: string, target: Comparison['target'], ours: Cell<Name>, theirs: Cell<Name>): Comparison => {
    const numbers = ([name, member, times = 1]: Cell<Name>) => measured[name].map((served) => served[member] * times)
    return { what, against, ...(target && { target }), ours: numbers(ours), theirs: numbers(theirs) }
  }

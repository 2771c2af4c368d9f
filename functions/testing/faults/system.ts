import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import type { Running } from '@activity-log/shared/testing/processes.ts'
import type { Fault, PartName } from './fault.ts'

/** A whole activity log under test. */
export type System = AsyncDisposable & {
  /** The origin for clients. */
  ingest: string
  query: string
  /** The origin for deliveries, if tests can send them. */
  persist?: string
  suffer(fault: Fault): Promise<void>
  /** Ends every fault; resolves when everything runs again. */
  heal(): Promise<void>
  /** The number of records in each partition. */
  ends(): Promise<ReadonlyMap<number, number>>
  /** Whether every record has been delivered, and the dispatcher has noted it. */
  isDrained(): Promise<boolean>
  /** Completes the ledger as an operator does: finds the original positions of dead letters in Kafka. */
  completeLedger(): Promise<void>
  /** Writes the output of the programs into a folder. */
  keepOutput(folder: string): void
}

/** The points at which the successive runs of a program crash; later runs do not crash. */
export type Crashes = { [part in PartName]?: readonly string[] }

export type Programs = AsyncDisposable & {
  start(part: PartName): Promise<void>
  stop(part: PartName): Promise<void>
  /** Throws when the program does not run. */
  signal(part: PartName, signal: NodeJS.Signals): void
  pid(part: PartName): number | undefined
  /** Resolves when all started programs are up. */
  allUp(): Promise<void>
  keepOutput(folder: string): void
}

export type ProgramsOptions = {
  run: (part: PartName, env: NodeJS.ProcessEnv) => Running
  /** The output that shows that the program is ready. */
  isUp: (part: PartName) => RegExp
  crashes?: Crashes | undefined
  /** A safeguard that all programs lack. */
  mutant?: string | undefined
}

const restartMs = 200
const maxLives = 10
const preload = (name: string) => `--import=${pathToFileURL(join(import.meta.dirname, name)).href}`

/** Starts programs again when they end, as a platform does. */
export function supervise({ run, isUp, crashes = {}, mutant }: ProgramsOptions): Programs {
  type Life = { running: Running; stopped: boolean; ended: Promise<void> }
  const lives = new Map<PartName, Life>()
  const told = new WeakSet<Running>()
  const outputs = new Map<PartName, string>()

  function environment(part: PartName, life: number): NodeJS.ProcessEnv {
    const crashAt = crashes[part]?.[life]
    const preloads = [mutant && preload('mutants.ts'), crashAt && preload('crash-points.ts')].filter(Boolean)
    return {
      ...(preloads.length > 0 && { NODE_OPTIONS: preloads.join(' ') }),
      ...(mutant && { MUTANT: mutant }),
      ...(crashAt && { CRASH_AT: crashAt }),
    }
  }

  function begin(part: PartName): Life {
    let count = 0
    const life: Life = { running: run(part, environment(part, count++)), stopped: false, ended: Promise.resolve() }
    async function live() {
      for (;;) {
        const how = await life.running.ended
        outputs.set(part, `${outputs.get(part) ?? ''}${life.running.output()}\n---- ended: ${how}\n`)
        if (life.stopped) return
        await wait(restartMs)
        if (life.stopped) return
        life.running = run(part, environment(part, count++))
      }
    }
    life.ended = live()
    lives.set(part, life)
    return life
  }

  /** Resolves with any run of the program that is up. Rejects when it keeps ending before that. */
  async function up(part: PartName) {
    for (let life = 1; ; life++) {
      const running = lives.get(part)?.running
      if (!running) return
      while (!isUp(part).test(running.output())) {
        if (await Promise.race([running.ended.then(() => true), running.more()])) break
      }
      if (running === lives.get(part)?.running && running.child.exitCode === null && !running.child.signalCode) return
      if (life === maxLives) throw new Error(`${part} does not start:\n${running.output()}`)
      await running.ended
      await wait(2 * restartMs)
    }
  }

  /** A platform sends the signal once, and only to a program that is up. */
  function tell(part: PartName, { running }: Life) {
    if (told.has(running) || !isUp(part).test(running.output()))
      throw new Error(`${part} is stopping already, or is not up`)
    told.add(running)
    running.child.kill('SIGTERM')
  }

  async function end(life: Life, signal: NodeJS.Signals) {
    life.stopped = true
    life.running.child.kill('SIGCONT')
    life.running.child.kill(signal)
    await life.ended
  }

  return {
    async start(part) {
      if (!lives.has(part)) begin(part)
      await up(part)
    },
    async stop(part) {
      const life = lives.get(part)
      lives.delete(part)
      if (life) await end(life, 'SIGTERM')
    },
    signal(part, signal) {
      const life = lives.get(part)
      if (!life) throw new Error(`${part} was not started`)
      if (signal === 'SIGTERM') tell(part, life)
      else life.running.child.kill(signal)
    },
    pid: (part) => lives.get(part)?.running.child.pid,
    async allUp() {
      for (const { running } of lives.values()) running.child.kill('SIGCONT')
      await Promise.all([...lives.keys()].map(up))
    },
    keepOutput(folder) {
      for (const [part, { running }] of lives) outputs.set(part, `${outputs.get(part) ?? ''}${running.output()}`)
      for (const [part, output] of outputs) writeFileSync(join(folder, `${part}.log`), output)
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...lives.values()].map((life) => end(life, 'SIGKILL')))
    },
  }
}

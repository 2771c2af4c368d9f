import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { StartError } from '@activity-log/shared/config.ts'

export type CommandOptions = {
  input?: string
  timeoutMs?: number
  env?: NodeJS.ProcessEnv
  /** The folder that it runs in. */
  cwd?: string
}

/** Resolves with what the program writes; rejects with its complaint when it does not end with 0. */
export async function command(words: readonly string[], options: CommandOptions = {}): Promise<string> {
  return (await bothOutputs(words, options)).out
}

export type Outputs = { out: string; error: string }

/** The same, with what it writes to its standard error. */
export async function bothOutputs(words: readonly string[], options: CommandOptions = {}): Promise<Outputs> {
  const { input = '', timeoutMs = 900_000, env = process.env, cwd } = options
  const [program = '', ...args] = words
  const child = spawn(program, args, { stdio: 'pipe', timeout: timeoutMs, env, ...(cwd && { cwd }) })
  // a program that ends early does not read its input
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const [out, error, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  if (code === 0) return { out, error }
  throw new Error(`${words.slice(0, 8).join(' ')} ended with ${code ?? 'no answer'}\n${error || out}`.trim())
}

export type Followed = { lines: readonly { at: number; text: string }[]; end(): void }

/** Runs a program that does not end, and notes when each of its lines came. */
export function follow(words: readonly string[]): Followed {
  const [program = '', ...args] = words
  // a group of its own, because the program may be a script whose child does the work
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'], detached: true })
  const lines: { at: number; text: string }[] = []
  createInterface(child.stdout).on('line', (text) => lines.push({ at: Date.now(), text }))
  return { lines, end: () => void (child.pid && child.exitCode === null && process.kill(-child.pid, 'SIGTERM')) }
}

const help = `npm run system -- knative needs Docker, kustomize or kubectl, and a cluster of its own: CLUSTER_CONTROL names
a program with the commands up, serving, load FILE…, kubectl ARGS…, ctr ARGS…, policies on|off, clean.`

/** Runs one of the commands of the program that CLUSTER_CONTROL names. */
export type Control = {
  (args: readonly string[], options?: CommandOptions): Promise<string>
  follow(args: readonly string[]): Followed
}

export function readControl(env: NodeJS.ProcessEnv): Control {
  const words = (env['CLUSTER_CONTROL'] ?? '').split(' ').filter((word) => word !== '')
  if (words.length === 0) throw new StartError(`CLUSTER_CONTROL not set.\n\n${help}`)
  const run = (args: readonly string[], options?: CommandOptions) => command([...words, ...args], options)
  return Object.assign(run, { follow: (args: readonly string[]) => follow([...words, ...args]) })
}

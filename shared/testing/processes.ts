import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import packageJson from '../../package.json' with { type: 'json' }

export type Running = AsyncDisposable & {
  child: ChildProcess
  /** Everything that the program has written. */
  output: () => string
  /** Resolves when the program writes again. */
  more: () => Promise<undefined>
  /** Resolves with the exit code, or the name of the signal that ended the program. */
  ended: Promise<number | string>
}

const folders: string[] = []
process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** A new folder that exists for as long as this process, or the test run. */
export function aFolder(): string {
  const folder = mkdtempSync(join(process.env['TEST_FOLDER'] ?? tmpdir(), 'activity-log-'))
  folders.push(folder)
  return folder
}
const root = join(import.meta.dirname, '../..')

/** Starts a program of this repository as a process, which is killed when the test is over. */
export function startProgram(script: string, env: NodeJS.ProcessEnv = {}, ...args: string[]): Running {
  return startCommand(process.execPath, [join(root, script), ...args], env)
}

export function startCommand(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
  const child = spawn(command, args, { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let written = ''
  const keep = (chunk: Buffer) => {
    written += chunk
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const ended = once(child, 'close').then(([code, signal]) => (signal ?? code) as number | string)
  return {
    child,
    output: () => written,
    more: () => Promise.race([once(child.stdout, 'data'), once(child.stderr, 'data')]).then(() => undefined),
    ended,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/**
 * Resolves with the first group of the first match in the program's output; rejects when the program ends before that.
 */
export async function written(program: Running, pattern: RegExp): Promise<string> {
  for (;;) {
    const match = pattern.exec(program.output())
    if (match) return match[1] ?? match[0]
    const ended = await Promise.race([program.ended, program.more()])
    if (ended !== undefined && !pattern.test(program.output())) {
      throw new Error(`The program ended (${ended}) without writing ${pattern}:\n${program.output()}`)
    }
  }
}

/** The whole log in one process, as npm start runs it, on a free port. */
export async function startLog(folder: string, env: NodeJS.ProcessEnv = {}): Promise<Running & { origin: string }> {
  const [, ...args] = packageJson.scripts.start.split(' ')
  const program = startCommand(process.execPath, args, { PORT: '0', DATA_DIR: folder, ...env })
  return Object.assign(program, { origin: await written(program, /(http:\/\/localhost:\d+\S*)\/logs/) })
}

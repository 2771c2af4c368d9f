import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { join } from 'node:path'

/** npm run system -- NAME: what takes longer than a test may, or needs more than npm. Each has a --help of its own. */
type Program = { summary: string; file: string; args?: readonly string[] }

const programs: { readonly [name: string]: Program } = {
  faults: { summary: 'what happens to processes, links and servers, done to them', file: 'faults/main.ts' },
  mutants: {
    summary: 'each safeguard taken out: something has to notice',
    file: 'integration.ts',
    args: ['mutations'],
  },
  durability: { summary: 'npm start killed hundreds of times, and power losses', file: 'faults/durability.ts' },
  'own-writes': { summary: 'thousands of activities read right after their 202s', file: 'own-writes.ts' },
  simulation: { summary: 'crashes, lost messages and rebalances that a seed decides', file: 'simulation/main.ts' },
  model: { summary: 'random lists compared with those of a plain array', file: 'model/main.ts' },
  fuzz: { summary: 'requests made of the contract by schemathesis', file: 'fuzz/main.ts' },
  compose: { summary: 'docker-compose.yml as a user has it', file: 'compose.ts' },
  screenshots: { summary: "the README's pictures, taken of a log that runs", file: 'viewer/screenshots.ts' },
}

/** EX_USAGE of sysexits.h */
const exitUsage = 64

function list(): string {
  const width = Math.max(...Object.keys(programs).map((name) => name.length))
  const lines = Object.entries(programs).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`)
  return [
    'Usage: npm run system -- NAME [OPTIONS]',
    '',
    ...lines,
    '',
    'OPTIONS are its own; most tell them with --help.',
  ].join('\n')
}

/** Resolves with its exit status, or what a shell makes of a signal. */
async function runToTheEnd({ file, args = [] }: Program, words: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [join(import.meta.dirname, file), ...args, ...words], { stdio: 'inherit' })
  // Ctrl-C reaches both of them; the program may have something to clean up, and this waits for it
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  const [code, signal] = await once(child, 'close')
  return signal === null ? code : 128 + constants.signals[signal as NodeJS.Signals]
}

const [name, ...words] = process.argv.slice(2)
if (name === undefined || name === '--help') console.log(list())
else {
  const program = Object.hasOwn(programs, name) ? programs[name] : undefined
  if (!program) console.error(`There is no ${name}.\n\n${list()}`)
  process.exitCode = program ? await runToTheEnd(program, words) : exitUsage
}

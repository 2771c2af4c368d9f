import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { join } from 'node:path'

/** npm run system -- NAME: programs that take longer than a test may, or need more than npm. */
type Program = { summary: string; file: string; args?: readonly string[] }

const programs: { readonly [name: string]: Program } = {
  faults: { summary: 'injects failures of processes, links and servers', file: 'faults/main.ts' },
  mutants: {
    summary: 'removes one safeguard at a time; a test has to notice',
    file: 'integration.ts',
    args: ['mutations'],
  },
  durability: {
    summary: 'kills npm start hundreds of times, and simulates power losses',
    file: 'faults/durability.ts',
  },
  'own-writes': { summary: 'reads thousands of activities right after their 202s', file: 'own-writes.ts' },
  simulation: { summary: 'simulates crashes, lost messages and rebalances from a seed', file: 'simulation/main.ts' },
  model: { summary: 'compares random lists with those of a plain array', file: 'model/main.ts' },
  scale: { summary: 'asks logs of 100,000 to 10,000,000 activities, beside a plain table', file: 'scale/main.ts' },
  fuzz: { summary: 'sends requests that Schemathesis generates from the contract', file: 'fuzz/main.ts' },
  clients: { summary: 'generates clients from the contract, and uses them', file: 'clients/main.ts' },
  compose: { summary: 'runs docker-compose.yml the way a user does', file: 'compose.ts' },
  knative: { summary: 'proves the promises on a real Kubernetes with Knative', file: 'knative/main.ts' },
  screenshots: { summary: "takes the README's screenshots from a running log", file: 'viewer/screenshots.ts' },
  lighthouse: { summary: 'asks Lighthouse about each page of a running log', file: 'viewer/lighthouse.ts' },
  texts: { summary: 'prints all messages, labels, test titles or comments', file: 'texts.ts' },
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
    'Most programs list their OPTIONS with --help.',
  ].join('\n')
}

/** Resolves with the exit status; a signal becomes the status that a shell reports for it. */
async function runToTheEnd({ file, args = [] }: Program, words: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [join(import.meta.dirname, file), ...args, ...words], { stdio: 'inherit' })
  // Ctrl-C reaches both processes; this one waits, because the program may have to clean up
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  const [code, signal] = await once(child, 'close')
  return signal === null ? code : 128 + constants.signals[signal as NodeJS.Signals]
}

const [name, ...words] = process.argv.slice(2)
if (name === undefined || name === '--help') console.log(list())
else {
  const program = Object.hasOwn(programs, name) ? programs[name] : undefined
  if (!program) console.error(`Unknown program: ${name}.\n\n${list()}`)
  process.exitCode = program ? await runToTheEnd(program, words) : exitUsage
}

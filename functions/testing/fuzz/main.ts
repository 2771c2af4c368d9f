import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { StartError } from '@activity-log/shared/config.ts'
import { run } from '@activity-log/shared/http/run.ts'
import { post } from '@activity-log/shared/testing/builders.ts'
import { aFolder, startLog } from '@activity-log/shared/testing/processes.ts'

const usage = `Usage: npm run system -- fuzz [--examples 500] [--seed N] [--port 0]

Starts the log on an empty folder, and lets Schemathesis send valid and invalid requests that it generates from
GET /openapi.json. No answer may be a 5xx, or have a status, content type, header or schema that the contract does not
allow. --examples limits the requests to each route in each phase; 500 make about 5,000 cases in all.

Schemathesis is a Python program: python3 -m venv fuzz && fuzz/bin/pip install schemathesis
If it is not on the PATH, say where it is: SCHEMATHESIS=fuzz/bin/schemathesis npm run system -- fuzz`

/** These checks do not fit: the log rejects opaque parameters that look valid, and keeps a discarded dead letter. */
const leftOut = ['positive_data_acceptance', 'use_after_free']

async function main() {
  const text = { type: 'string' } as const
  const options = { examples: text, seed: text, port: text, help: { type: 'boolean' } } as const
  const { values } = parseArgs({ options })
  if (values.help) return console.log(usage)
  const { examples = '500', seed, port = '0' } = values
  await using log = await startLog(aFolder(), { PORT: port, LOG_LEVEL: 'error' })
  await seedLog(log.origin)
  const args = [
    ...['--config-file', join(import.meta.dirname, 'schemathesis.toml'), 'run', `${log.origin}/openapi.json`],
    ...['--checks', 'all', '--exclude-checks', leftOut.join(), '--max-response-time', '35'],
    // the stream does not end
    ...['--exclude-path', '/live'],
    ...['--max-examples', examples, '--continue-on-failure', '--no-color'],
    ...(seed === undefined ? [] : ['--seed', seed]),
  ]
  const program = spawn(schemathesis(), args, {
    // schemathesis leaves files in its working directory
    cwd: aFolder(),
    env: {
      ...process.env,
      SCHEMATHESIS_HOOKS: 'hooks',
      PYTHONPATH: import.meta.dirname,
      PYTHONDONTWRITEBYTECODE: '1',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  program.stdout.on('data', (chunk) => {
    output += chunk
    process.stdout.write(chunk)
  })
  const [code] = await once(program, 'close').catch((cause) => {
    throw new StartError(`schemathesis cannot be started.\n\n${usage}`, { cause })
  })
  const cases = Number(/(\d+) generated/.exec(output)?.[1] ?? 0)
  const failures = Number(/(\d+) unique failures?/.exec(output)?.[1] ?? 0)
  const errors = Number(/(\d+) errored/.exec(output)?.[1] ?? 0)
  if (log.child.exitCode !== null) console.log(`The log ended:\n${log.output().slice(-2000)}`)
  console.log(`${cases} cases, ${failures} failures, ${errors} errors`)
  if (code !== 0 || cases === 0 || log.child.exitCode !== null) process.exitCode = 1
}

/** A path given by the user is relative to the directory of the command. */
function schemathesis(): string {
  const named = process.env['SCHEMATHESIS'] ?? 'schemathesis'
  return named.includes('/') ? resolve(named) : named
}

/** The activity that the contract's examples use, and a dead letter. */
async function seedLog(origin: string) {
  for (const action of ['click_button', 'another']) {
    const response = await fetch(`${origin}/logs`, post({ id: 'order-981-paid', userId: 'user_123', action }))
    if (response.status !== 202) throw new Error(`The log answered ${response.status}`)
  }
}

run(main)

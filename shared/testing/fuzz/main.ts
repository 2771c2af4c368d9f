import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { StartError } from '../../config.ts'
import { run } from '../../http/run.ts'
import { post } from '../builders.ts'
import { aFolder, startCommand, startLog } from '../processes.ts'

const usage = `Usage: npm run fuzz -- [--examples 500] [--seed N] [--port 0]

Starts the log on a folder of its own, and lets schemathesis make requests of GET /openapi.json: such as it allows and such as it does
not. No answer may be a 5xx, and none other than the contract says: statuses, content types, headers, schemas. --examples: most
requests to a route in each phase; 500 are some 5,000 cases in all.

schemathesis is a Python program: python3 -m venv fuzz && fuzz/bin/pip install schemathesis
SCHEMATHESIS names it where it is not on the PATH: SCHEMATHESIS=fuzz/bin/schemathesis npm run fuzz`

/** What is right here and not to these: opaque parameters are refused although they look right; what is discarded is kept. */
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
    // it does not end
    ...['--exclude-path', '/live'],
    ...['--max-examples', examples, '--continue-on-failure', '--no-color'],
    ...(seed === undefined ? [] : ['--seed', seed]),
  ]
  const program = startCommand(process.env['SCHEMATHESIS'] ?? 'schemathesis', args, {
    SCHEMATHESIS_HOOKS: 'hooks',
    PYTHONPATH: import.meta.dirname,
    PYTHONDONTWRITEBYTECODE: '1',
  })
  await new Promise<void>((resolve, reject) => program.child.once('spawn', resolve).once('error', reject)).catch(
    (cause) => {
      throw new StartError(`schemathesis is not there.\n\n${usage}`, { cause })
    },
  )
  program.child.stdout?.pipe(process.stdout)
  program.child.stderr?.pipe(process.stderr)
  const code = await program.ended
  const written = log.output().trim().split('\n').slice(-5)
  const cases = Number(/(\d+) generated/.exec(program.output())?.[1] ?? 0)
  const failures = Number(/found (\d+) unique failures?/.exec(program.output())?.[1] ?? 0)
  const errors = Number(/(\d+) errored/.exec(program.output())?.[1] ?? 0)
  if (log.child.exitCode !== null) console.log(`The log ended:\n${written.join('\n')}`)
  console.log(`${cases} cases, ${failures} failures, ${errors} errors`)
  if (code !== 0 || cases === 0 || log.child.exitCode !== null) process.exitCode = 1
}

/** The activity of the contract's examples, and a dead letter. */
async function seedLog(origin: string) {
  for (const action of ['click_button', 'another']) {
    const response = await fetch(`${origin}/logs`, post({ id: 'order-981-paid', userId: 'user_123', action }))
    if (response.status !== 202) throw new Error(`The log answered ${response.status}`)
  }
}

run(main)

import { execFile } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'

/** Programs that use a client which a generator made from the contract. Each does the same (programs). */
export const clientNames = ['python', 'go', 'typescript-fetch', 'openapi-fetch'] as const
export type ClientName = (typeof clientNames)[number]

/** What a program has seen, in the same form in every language. */
export type Seen = {
  one: string
  statuses: string[]
  errors: string[]
  listed: string[]
  got: string
  exported: string[]
}

/** Commands that a client needs beside Node. */
const needed: { readonly [name in ClientName]: readonly string[] } = {
  python: ['java', 'mvn', 'python3'],
  go: ['java', 'mvn', 'go'],
  'typescript-fetch': ['java', 'mvn'],
  'openapi-fetch': [],
}

const version = '7.17.0'
const timeoutMs = 10 * 60_000
const programs = join(import.meta.dirname, 'programs')
const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'activity-log', 'clients')
const root = join(import.meta.dirname, '../../..')

type Options = { cwd?: string; env?: NodeJS.ProcessEnv }

async function run(command: string, args: readonly string[], { cwd, env = {} }: Options = {}): Promise<string> {
  const options = {
    timeout: timeoutMs,
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, ...env },
    ...(cwd && { cwd }),
  }
  try {
    return (await promisify(execFile)(command, args, options)).stdout
  } catch (cause) {
    const { stdout = '', stderr = '' } = cause as { stdout?: string; stderr?: string }
    throw new Error(`${command} ${args.join(' ')} failed:\n${`${stdout}${stderr}`.slice(-4000)}`, { cause })
  }
}

/** The commands that a client needs and this machine does not have. */
export async function missingCommands(name: ClientName): Promise<string[]> {
  const isThere = (command: string) => run('sh', ['-c', `command -v ${command}`]).then(Boolean, () => false)
  const found = await Promise.all(needed[name].map(isThere))
  return needed[name].filter((_, index) => !found[index])
}

/** Generates a client in an empty folder, and runs the program that uses it for a user of its own. */
export async function tryClient(name: ClientName, folder: string, origin: string): Promise<Seen> {
  const contract = join(folder, 'openapi.json')
  writeFileSync(contract, await (await fetch(`${origin}/openapi.json`)).text())
  const env = { LOG_URL: origin }
  return JSON.parse(await runners[name]({ folder, contract, env, user: `${name}-${crypto.randomUUID()}` }))
}

type Trial = { folder: string; contract: string; env: { LOG_URL: string }; user: string }

const runners: { readonly [name in ClientName]: (trial: Trial) => Promise<string> } = {
  async python({ folder, contract, env, user }) {
    await generate('python', contract, join(folder, 'generated'))
    const python = join(cache, 'python', 'bin', 'python')
    if (!existsSync(python)) await run('python3', ['-m', 'venv', join(cache, 'python')])
    await run(python, ['-m', 'pip', 'install', '-q', '-r', join(folder, 'generated', 'requirements.txt')])
    const paths = { PYTHONPATH: join(folder, 'generated'), PYTHONDONTWRITEBYTECODE: '1' }
    return run(python, [join(programs, 'python.py'), user], { env: { ...env, ...paths } })
  },

  async go({ folder, contract, env, user }) {
    const generated = join(folder, 'generated')
    await generate('go', contract, generated)
    mkdirSync(join(generated, 'try'))
    copyFileSync(join(programs, 'main.go'), join(generated, 'try', 'main.go'))
    return run('go', ['run', './try', user], { cwd: generated, env: { ...env, GOFLAGS: '-mod=mod' } })
  },

  async 'typescript-fetch'({ folder, contract, env, user }) {
    await generate('typescript-fetch', contract, join(folder, 'generated'))
    return runTypeScript('typescript-fetch', { folder, contract, env, user })
  },

  async 'openapi-fetch'({ folder, contract, env, user }) {
    writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}')
    await run('npm', ['install', '--no-audit', '--no-fund', ...openapiFetch], { cwd: folder })
    mkdirSync(join(folder, 'generated'))
    const command = join(folder, 'node_modules', '.bin', 'openapi-typescript')
    await run(command, [contract, '-o', join(folder, 'generated', 'api.ts')])
    return runTypeScript('openapi-fetch', { folder, contract, env, user })
  },
}

const openapiFetch = ['openapi-fetch@0.17.0', 'openapi-typescript@7.13.0', 'typescript@5.9.3']

async function generate(generator: string, contract: string, folder: string): Promise<void> {
  const jar = join(cache, `openapi-generator-cli-${version}.jar`)
  if (!existsSync(jar)) {
    const artifact = `org.openapitools:openapi-generator-cli:${version}`
    await run('mvn', ['-q', '-B', 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${cache}`])
  }
  await run('java', ['-jar', jar, 'generate', '-g', generator, '-i', contract, '-o', folder])
}

/** Checks the types of a program, since a client that works only without them is no use. */
async function runTypeScript(name: ClientName, { folder, env, user }: Trial): Promise<string> {
  const program = join(folder, 'program.ts')
  copyFileSync(join(programs, `${name}.ts.txt`), program)
  const compiler = [
    '--noEmit',
    '--strict',
    '--target',
    'es2022',
    '--module',
    'preserve',
    '--moduleResolution',
    'bundler',
  ]
  const libraries = ['--skipLibCheck', '--lib', 'es2022,dom', '--typeRoots', join(root, 'node_modules', '@types')]
  await run(join(root, 'node_modules', '.bin', 'tsc'), [...compiler, ...libraries, '--types', 'node', program], {
    cwd: folder,
  })
  const outfile = join(folder, 'program.mjs')
  await build({ entryPoints: [program], outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'warning' })
  return run(process.execPath, [outfile, user], { env })
}

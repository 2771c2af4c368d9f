import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { buildAssets } from '@activity-log/query/viewer/build-assets.ts'
import { StartError } from '@activity-log/shared/config.ts'
import { run } from '@activity-log/shared/http/run.ts'
import { build, type Metafile, type Plugin, transform } from 'esbuild'

/**
 * node functions/image/bundle.ts FOLDER [NAME …]: what the containers run, each program one file. See functions/image/Dockerfile.
 *
 * CommonJS, because Node starts it in half the time of ES modules. Our own names are kept as they are written, so that a stack in
 * the log can be read.
 */
const root = join(import.meta.dirname, '../..')

export const programs = {
  ingest: 'functions/ingest/main.ts',
  persist: 'functions/persist/main.ts',
  query: 'functions/query/main.ts',
  gateway: 'functions/local/gateway.ts',
  'kafka-source': 'functions/kafka-source/main.ts',
  migrate: 'functions/cli/migrate.ts',
  import: 'functions/cli/import.ts',
  books: 'functions/cli/ledger.ts',
  forward: 'functions/local/forward.ts',
  warm: 'functions/image/warm.ts',
} as const
export type Program = keyof typeof programs

/** What mongodb loads only where the URI asks for it: native code, or the clouds' own ways to sign in. */
export const optionalPackages: readonly string[] = [
  '@aws-sdk/credential-providers',
  '@mongodb-js/zstd',
  'gcp-metadata',
  'kerberos',
  'mongodb-client-encryption',
  'snappy',
  'socks',
]

/** Parts of packages that are loaded with them and never used by us. What they would take is a third of a bundle. */
const unused: readonly { files: RegExp; in: readonly Program[] }[] = [
  { files: /pino[\\/]lib[\\/]transport\.js$/, in: ['ingest', 'persist', 'query'] },
  // KAFKA_SASL_MECHANISM knows others
  { files: /kafkajs[\\/]src[\\/]broker[\\/]saslAuthenticator[\\/](awsIam|oauthBearer)\.js$/, in: ['ingest'] },
  // a producer asks for nothing but these
  { files: /kafkajs[\\/]src[\\/](consumer|admin)[\\/]index\.js$/, in: ['ingest'] },
  {
    files:
      /kafkajs[\\/]src[\\/]protocol[\\/]requests[\\/](?!(produce|metadata|apiVersions|sasl\w+)[\\/])\w+[\\/]index\.js$/,
    in: ['ingest'],
  },
  {
    files: /mongodb[\\/]lib[\\/](encrypter|gridfs[\\/]\w+|client-side-encryption[\\/](?!errors)\w+)\.js$/,
    in: ['persist', 'query'],
  },
]

export type Bundle = { file: string; bytes: number; externals: string[] }

const target = 'node24'

/** Writes `<name>.cjs`, and `<name>.licences.txt` with the licence of every package in it. Throws on a warning too. */
export async function bundle(name: Program, folder: string): Promise<Bundle> {
  const file = join(folder, `${name}.cjs`)
  const { metafile, warnings } = await build({
    absWorkingDir: root,
    entryPoints: [programs[name]],
    outfile: file,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target,
    // start.cjs runs it as a script, which may import nothing
    supported: { 'dynamic-import': false },
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    external: [...optionalPackages],
    metafile: true,
    plugins: [assetsInside, nodeUrl, smallPackages(name)],
    logLevel: 'silent',
  })
  if (warnings.length > 0) throw new Error(`${name}: ${warnings.map(({ text }) => text).join('; ')}`)
  const [output] = Object.values(metafile.outputs)
  if (!output) throw new Error(`${name}: nothing was written`)
  writeFileSync(join(folder, `${name}.licences.txt`), licences(metafile))
  // V8 would take the code of an earlier bundle of the same length
  rmSync(join(folder, `${name}.code`), { force: true })
  const externals = output.imports.flatMap(({ external, path }) => (external ? [path] : []))
  return { file, bytes: output.bytes, externals: [...new Set(externals)] }
}

/** What the browser loads is built now: where the bundle runs there are neither sources nor esbuild. */
const assetsInside: Plugin = {
  name: 'assets inside',
  setup(building) {
    building.onLoad({ filter: /viewer[\\/]build-assets\.ts$/ }, async () => ({
      contents: `export const buildAssets = async () => (${JSON.stringify(await buildAssets())})`,
    }))
  },
}

/** Node's own URL follows the same standard as this package, a fifth of the driver, which reads the URI of MongoDB. */
export const nodeUrl: Plugin = {
  name: 'URL of Node',
  setup(building) {
    building.onLoad({ filter: /whatwg-url[\\/]index\.js$/ }, () => ({
      contents: 'module.exports = { URL, URLSearchParams }',
    }))
  },
}

/** Packages without what is not used of them, and with short names: a stack in the log is read for our own. */
function smallPackages(program: Program): Plugin {
  const left = unused.filter((part) => part.in.includes(program))
  return {
    name: 'small packages',
    setup(building) {
      building.onLoad({ filter: /node_modules.*package\.json$/ }, ({ path }) => {
        const { version, bugs } = JSON.parse(readFileSync(path, 'utf8'))
        return { contents: JSON.stringify({ version, bugs }), loader: 'json' }
      })
      building.onLoad({ filter: /node_modules.*\.(js|cjs|mjs)$/ }, async ({ path }) => {
        if (left.some(({ files }) => files.test(path))) return { contents: 'module.exports = {}' }
        const source = readFileSync(path, 'utf8')
        const isModule = path.endsWith('.mjs') || /^(import|export)\b/m.test(source)
        const { code } = await transform(source, { minify: true, target, format: isModule ? 'esm' : 'cjs' })
        return { contents: code }
      })
    },
  }
}

/** The licences ask to be handed on with the code. */
function licences({ inputs }: Metafile): string {
  const packages = Object.keys(inputs).flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? [])
  const texts = [...new Set(packages)].toSorted().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
    const files = globSync('{LICEN[CS]E,license,licence,NOTICE}*', { cwd: join(root, folder) }).toSorted()
    const text = files.map((file) => readFileSync(join(root, folder, file), 'utf8').trim()).join('\n\n')
    return `${name} ${version} (${license})\n\n${text}\n`
  })
  return texts.join(`\n${'-'.repeat(80)}\n\n`)
}

async function main() {
  const [folder, ...names] = process.argv.slice(2)
  const wrong = names.filter((name) => !(name in programs))
  if (!folder || wrong.length > 0) {
    throw new StartError(`Usage: node functions/image/bundle.ts FOLDER [${Object.keys(programs).join('|')} …]`)
  }
  mkdirSync(folder, { recursive: true })
  for (const name of (names.length > 0 ? names : Object.keys(programs)) as Program[]) {
    const { file, bytes } = await bundle(name, folder)
    console.log(`${basename(file)}  ${(bytes / 1024).toFixed(0)} KiB`)
  }
}

if (import.meta.main) run(main)

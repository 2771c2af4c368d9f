import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { buildAssets } from '@activity-log/query/viewer/build-assets.ts'
import { StartError } from '@activity-log/shared/config.ts'
import { run } from '@activity-log/shared/http/run.ts'
import { build, type Metafile, type Plugin } from 'esbuild'

/**
 * node functions/image/bundle.ts FOLDER [NAME …] writes the programs of the containers, each as one file. See
 * functions/image/Dockerfile.
 *
 * The files are CommonJS, because Node starts that in half the time of ES modules. Names are not shortened, so that a
 * stack in the log can be read.
 */
const root = join(import.meta.dirname, '../..')

export const programs = {
  ingest: 'functions/ingest/main.ts',
  persist: 'functions/persist/main.ts',
  query: 'functions/query/main.ts',
  gateway: 'functions/local/gateway.ts',
  'kafka-source': 'functions/kafka-source/main.ts',
  cli: 'functions/cli/main.ts',
  forward: 'functions/local/forward.ts',
} as const
export type Program = keyof typeof programs

/** Packages that mongodb loads only if the URI needs them: native code, and clients of clouds for signing in. */
export const optionalPackages: readonly string[] = [
  '@aws-sdk/credential-providers',
  '@mongodb-js/zstd',
  'gcp-metadata',
  'kerberos',
  'mongodb-client-encryption',
  'snappy',
  'socks',
]

/** `sources` are the files in the bundle, from the root of the repository; `externals` are imports outside of it. */
export type Bundle = { file: string; bytes: number; sources: string[]; externals: string[] }

/** Writes `<name>.cjs`, and `<name>.licences.txt` with the license of every package in it. A warning is an error. */
export async function bundle(name: Program, folder: string): Promise<Bundle> {
  const file = join(folder, `${name}.cjs`)
  const { metafile, warnings } = await build({
    absWorkingDir: root,
    entryPoints: [programs[name]],
    outfile: file,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    external: [...optionalPackages],
    // start.cjs runs a bundle as a script, in which import() has no loader, so it becomes require()
    supported: { 'dynamic-import': false },
    metafile: true,
    plugins: [assetsInside, loadedWhenUsed],
    logLevel: 'silent',
  })
  if (warnings.length > 0) throw new Error(`${name}: ${warnings.map(({ text }) => text).join('; ')}`)
  const [output] = Object.values(metafile.outputs)
  if (!output) throw new Error(`${name}: esbuild wrote no file`)
  writeFileSync(join(folder, `${name}.licences.txt`), licences(metafile))
  const externals = output.imports.flatMap(({ external, path }) => (external ? [path] : []))
  return { file, bytes: output.bytes, sources: Object.keys(metafile.inputs), externals: [...new Set(externals)] }
}

/** Builds the assets of the browser now, because the image has neither sources nor esbuild. */
const assetsInside: Plugin = {
  name: 'assets inside',
  setup(building) {
    building.onLoad({ filter: /viewer[\\/]build-assets\.ts$/ }, async () => ({
      contents: `export const buildAssets = async () => (${JSON.stringify(await buildAssets())})`,
    }))
  },
}

/** Loads the tables that sign-in to MongoDB with a password and host names in other scripts need when they are used. */
const loadedWhenUsed: Plugin = {
  name: 'loaded when used',
  setup(building) {
    building.onResolve({ filter: /^(@mongodb-js\/saslprep|tr46)$/ }, ({ path, namespace, resolveDir }) =>
      namespace === 'when-used' ? undefined : { path, namespace: 'when-used', pluginData: resolveDir },
    )
    building.onLoad({ filter: /.*/, namespace: 'when-used' }, ({ path, pluginData }) => ({
      contents: `module.exports = new Proxy({}, { get: (_, name) => require(${JSON.stringify(path)})[name] })`,
      resolveDir: pluginData,
    }))
  },
}

/** Collects the texts of the licenses, which have to be passed on with the code. */
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

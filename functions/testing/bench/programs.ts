import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { bundle } from '@activity-log/image/bundle.ts'
import { argumentsOf, type ImageName, imageEnv, keepCode } from '@activity-log/image/dockerfile.ts'
import { aFolder } from '@activity-log/shared/testing/processes.ts'

export type Start = { command: readonly [string, ...string[]]; env: NodeJS.ProcessEnv }

export const functions: readonly ImageName[] = ['ingest', 'persist', 'query']
const root = join(import.meta.dirname, '../../..')

/** The functions, bundled and started as in their images. */
export async function asImages(): Promise<{ start: (name: ImageName) => Start }> {
  const folder = aFolder()
  const program = (name: ImageName) => join(folder, `${name}.cjs`)
  for (const name of functions) {
    await bundle(name, folder)
    keepCode(name, program(name))
  }
  return {
    start: (name) => ({
      command: [process.execPath, ...argumentsOf(name), program(name)],
      env: imageEnv,
    }),
  }
}

/** The functions from their sources, whose types Node has to strip. */
export const asWritten = (name: ImageName): Start => ({
  command: [process.execPath, join(root, `functions/${name}/main.ts`)],
  env: {},
})

/** The plain design as JavaScript modules beside its packages, as its image would have them. */
export function asPlain(): { start: (name: ImageName) => Start } {
  const folder = aFolder()
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  for (const name of functions) {
    const source = readFileSync(join(import.meta.dirname, `plain/${name}.ts`), 'utf8')
    writeFileSync(join(folder, `${name}.mjs`), stripTypeScriptTypes(source))
  }
  return { start: (name) => ({ command: [process.execPath, join(folder, `${name}.mjs`)], env: {} }) }
}

/** Another program of the benchmarks. */
export const aside = (name: string): Start => ({
  command: [process.execPath, join(import.meta.dirname, `${name}.ts`)],
  env: {},
})

import { spawnSync } from 'node:child_process'
import { copyFileSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { bundle } from '@activity-log/image/bundle.ts'
import type { Warmed } from '@activity-log/image/warm/warm.ts'
import { aFolder } from '@activity-log/shared/testing/processes.ts'
import { flagsOf, imageEnv, starter, warmingFlags } from '../image.ts'

export type Start = { command: readonly [string, ...string[]]; env: NodeJS.ProcessEnv }

export const functions: readonly Warmed[] = ['ingest', 'persist', 'query']
const root = join(import.meta.dirname, '../../..')

/** The functions in a folder, made and started as the images do it; `isWarmed`: with the code that V8 made of them. */
export async function asImages(isWarmed = true): Promise<{ folder: string; start: (name: Warmed) => Start }> {
  const folder = aFolder()
  copyFileSync(starter, join(folder, 'start.cjs'))
  for (const name of [...functions, 'warm'] as const) await bundle(name, folder)
  const run = (flags: readonly string[], name: string) => [...flags, join(folder, 'start.cjs'), join(folder, name)]
  if (isWarmed) {
    const { status, stderr } = spawnSync(process.execPath, [...run(warmingFlags, 'warm.cjs'), folder])
    if (status !== 0) throw new Error(`The functions could not be warmed: ${stderr}`)
  }
  return {
    folder,
    start: (name) => ({ command: [process.execPath, ...run(flagsOf(name), `${name}.cjs`)], env: imageEnv }),
  }
}

/** The functions as they are written, which Node has to strip of their types. */
export const asWritten = (name: Warmed): Start => ({
  command: [process.execPath, join(root, `functions/${name}/main.ts`)],
  env: {},
})

/** The plain design as JavaScript modules beside their packages, which is how an image of it would have them. */
export function asPlain(): { start: (name: Warmed) => Start } {
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

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Warmed } from '@activity-log/image/warm/warm.ts'

const functions = join(import.meta.dirname, '../../functions')
const dockerfile = readFileSync(join(functions, 'Dockerfile'), 'utf8')

/** The last stage of a function is given by its name; what it does not say itself, `runtime` does. */
const stages = new Map(dockerfile.split(/^FROM .* AS /m).map((stage) => [stage.split('\n', 1)[0], stage]))
const arrayAfter = (instruction: string, stage: string): readonly string[] =>
  JSON.parse(new RegExp(`^${instruction} (\\[.+\\])$`, 'm').exec(stages.get(stage) ?? '')?.[1] ?? '[]')
const beforeProgram = (command: readonly string[]) => command.slice(1, command.indexOf('/app/start.cjs'))

/** What the images are made of, read from what makes them: the flags that Node has when it runs a function, and when it warms one. */
export function flagsOf(name: Warmed): readonly string[] {
  const own = arrayAfter('ENTRYPOINT', name)
  return beforeProgram(own.length > 0 ? own : arrayAfter('ENTRYPOINT', 'runtime'))
}
export const warmingFlags = beforeProgram(arrayAfter('RUN', 'warmed'))
/** The variables of an image. */
export const imageEnv: { readonly [name: string]: string } = Object.fromEntries(
  [...dockerfile.matchAll(/^ENV (MALLOC\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
)
/** The first program there. */
export const starter = join(functions, 'start.cjs')

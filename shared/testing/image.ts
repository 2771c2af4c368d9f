import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const functions = join(import.meta.dirname, '../../functions')
const dockerfile = readFileSync(join(functions, 'Dockerfile'), 'utf8')

const arrayAfter = (instruction: string): readonly string[] =>
  JSON.parse(new RegExp(`^${instruction} (\\[.+\\])$`, 'm').exec(dockerfile)?.[1] ?? '[]')
const beforeProgram = (command: readonly string[]) => command.slice(1, command.indexOf('/app/start.cjs'))

/** What the images are made of, read from what makes them: the flags that Node has when it runs a function, and when it warms one. */
export const nodeFlags = beforeProgram(arrayAfter('ENTRYPOINT'))
export const warmingFlags = beforeProgram(arrayAfter('RUN'))
/** The variables of an image. */
export const imageEnv: { readonly [name: string]: string } = Object.fromEntries(
  [...dockerfile.matchAll(/^ENV (MALLOC\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
)
/** The first program there. */
export const starter = join(functions, 'start.cjs')

import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export type ImageName = 'ingest' | 'persist' | 'query'

const folder = import.meta.dirname
const dockerfile = readFileSync(join(folder, 'Dockerfile'), 'utf8')

/** The stages by their names. A function that has no entrypoint inherits the one of `runtime`. */
const stages = new Map(dockerfile.split(/^FROM .* AS /m).map((stage) => [stage.split('\n', 1)[0], stage]))
const entrypointIn = (stage: string): readonly string[] | undefined => {
  const [, found] = /^ENTRYPOINT (\[.+\])$/m.exec(stages.get(stage) ?? '') ?? []
  return found === undefined ? undefined : JSON.parse(found)
}

/** Reads from the Dockerfile which arguments Node gets before the program: its flags, and at last start.cjs. */
export function argumentsOf(name: ImageName): readonly string[] {
  const [, ...args] = entrypointIn(name) ?? entrypointIn('runtime') ?? []
  return args.map((argument) => argument.replace(/^\/app\//, `${folder}/`))
}

/** The environment variables of malloc in an image. */
export const imageEnv: { readonly [name: string]: string } = Object.fromEntries(
  [...dockerfile.matchAll(/^ENV (MALLOC\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
)

/** Keeps the code that V8 makes of a function's bundle in the folder `code` beside it, as the build of its image does. */
export function keepCode(name: ImageName, program: string): void {
  mkdirSync(join(dirname(program), 'code'), { recursive: true })
  const keep = join(folder, 'keep-code.cjs')
  execFileSync(process.execPath, [keep, ...argumentsOf(name), program], { stdio: 'pipe', env: imageEnv })
}

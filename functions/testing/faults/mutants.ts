import { writeSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Edit, Mutant } from './mutant.ts'
import { mutants } from './mutant-list.ts'

/**
 * Use: `node --import ./functions/testing/faults/mutants.ts` with MUTANT=NAME. The program runs without one of its
 * safeguards (mutant-list.ts), which shows that a check notices when the safeguard is missing.
 */
const root = fileURLToPath(new URL('../../../', import.meta.url))

/** Throws an error that lists all names when the name is unknown. */
export function readMutant(name: string): Mutant {
  const mutant = mutants.find((known) => known.name === name)
  if (mutant) return mutant
  const names = mutants.map((known) => `  ${known.name}  ${known.safeguard}`)
  throw new Error(`MUTANT=${name} is unknown. These are the mutants:\n${names.join('\n')}`)
}

/** Throws unless each text occurs exactly once: otherwise a safeguard that was rewritten would silently stay in. */
export function mutate(source: string, edits: readonly Edit[]): string {
  return edits.reduce((text, { file, find, replace }) => {
    const count = text.split(find).length - 1
    if (count !== 1) throw new Error(`${file} has ${count} times, not once:\n${find}`)
    return text.replace(find, () => replace)
  }, source)
}

const name = process.env['MUTANT']
if (name) {
  const { edits } = readMutant(name)
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context)
      const file = url.startsWith('file:') ? relative(root, fileURLToPath(url)) : ''
      const here = edits.filter((edit) => edit.file === file)
      if (here.length === 0) return loaded
      writeSync(2, `mutant ${name} in ${file}\n`)
      return { ...loaded, source: mutate(String(loaded.source), here) }
    },
  })
}

import { dispatchMutants } from './dispatch-mutants.ts'
import { ingestMutants } from './ingest-mutants.ts'
import type { Mutant } from './mutant.ts'
import { persistMutants } from './persist-mutants.ts'

export const mutants: readonly Mutant[] = [...ingestMutants, ...dispatchMutants, ...persistMutants]

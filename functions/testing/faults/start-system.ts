import { startEmbedded } from './embedded.ts'
import { type RealOptions, startReal } from './real.ts'
import type { System } from './system.ts'

export type Setup = Omit<RealOptions, 'history' | 'random' | 'mutant'> & { diskMebibytes?: number }

export function startSystem(on: 'real' | 'embedded', options: RealOptions & Setup): Promise<System> {
  return on === 'real' ? startReal(options) : startEmbedded(options)
}

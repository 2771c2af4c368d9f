import { startEmbedded } from './embedded-system.ts'
import { type RealOptions, type Setup, startReal } from './real.ts'
import type { System } from './system.ts'

export function startSystem(on: 'real' | 'embedded', options: RealOptions & Setup): Promise<System> {
  return on === 'real' ? startReal(options) : startEmbedded(options)
}

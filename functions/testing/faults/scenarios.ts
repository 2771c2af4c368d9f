import { type Load, usualLoad } from './load.ts'
import { ofContent } from './scenarios/content.ts'
import { ofCrashes } from './scenarios/crashes.ts'
import { ofOneProcess } from './scenarios/embedded.ts'
import { ofKafka } from './scenarios/kafka.ts'
import { ofLinks } from './scenarios/links.ts'
import { ofPrograms } from './scenarios/programs.ts'
import type { Scenario } from './scenarios/scenario.ts'
import { ofTheStore } from './scenarios/store.ts'

export const scenarios: readonly Scenario[] = [
  ...ofPrograms,
  ...ofCrashes,
  ...ofKafka,
  ...ofTheStore,
  ...ofLinks,
  ...ofContent,
  ...ofOneProcess,
]

const perSecond = 800
const minSeconds = 4
const secondsPerMove = 2.5

export function loadOf({ load }: Scenario, { events, moves }: { events: number; moves?: number | undefined }): Load {
  const seconds = Math.max(minSeconds, events / perSecond, moves === undefined ? 0 : moves * secondsPerMove)
  return { ...usualLoad, events, seconds, ...load }
}

import { type Load, usualLoad } from './post-load.ts'
import { ofContent } from './scenarios/content.ts'
import { ofCrashes } from './scenarios/crashes.ts'
import { ofOneProcess } from './scenarios/embedded-scenarios.ts'
import { ofHostileClients } from './scenarios/hostile-scenarios.ts'
import { ofKafka } from './scenarios/kafka-scenarios.ts'
import { ofLinks } from './scenarios/links.ts'
import { ofPrograms } from './scenarios/program-scenarios.ts'
import type { Scenario } from './scenarios/scenario.ts'
import { ofTheStore } from './scenarios/store-scenarios.ts'

export const scenarios: readonly Scenario[] = [
  ...ofPrograms,
  ...ofCrashes,
  ...ofKafka,
  ...ofTheStore,
  ...ofLinks,
  ...ofContent,
  ...ofOneProcess,
  ...ofHostileClients,
]

const perSecond = 800
const minSeconds = 4
const secondsPerMove = 2.5

export function loadOf({ load }: Scenario, { events, moves }: { events: number; moves?: number | undefined }): Load {
  const seconds = Math.max(minSeconds, events / perSecond, moves === undefined ? 0 : moves * secondsPerMove)
  return { ...usualLoad, events, seconds, ...load }
}

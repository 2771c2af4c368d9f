import type { HostileWay } from '../hostile-clients.ts'
import { answeredWithin, everyFaultHappened, everythingIsTaken } from '../requirements.ts'
import { at } from './plans.ts'
import { noOthersSlot } from './safeguards.ts'
import { embedded, type Scenario } from './scenario.ts'

const clients: readonly HostileWay[] = ['pipelines', 'sends slowly', 'reads half', 'takes all slots']

/** Hostile clients beside honest ones, all of whose requests are answered right. */
const besideHonestOnes = (name: string, through: 'itself' | 'the gateway') =>
  clients.map((what) =>
    embedded({
      name: `${name}-${what.replaceAll(' ', '-')}`,
      rows: [34],
      safeguard: noOthersSlot,
      setup: () => ({ hasGateway: through === 'the gateway' }),
      // each activity goes to every follower
      load: { seconds: 8, ...(what === 'takes all slots' && { events: 200 }) },
      plan: ({ ms }) => at(ms * 0.1, { do: 'hostile', what }),
      requirements: [everythingIsTaken, answeredWithin(15_000), everyFaultHappened(1)],
    }),
  )

export const ofHostileClients: readonly Scenario[] = [
  ...besideHonestOnes('hostile', 'itself'),
  ...besideHonestOnes('hostile-gateway', 'the gateway'),
  embedded({
    name: 'hostile-memory',
    rows: [34],
    safeguard: noOthersSlot,
    setup: () => ({ maxOldSpaceMebibytes: 128, maxGrowth: 2 }),
    // 1,000 activities of the maximum size
    load: { events: 1_000, metadataBytes: 32_000, seconds: 10 },
    plan: ({ ms }) => [
      ...at(ms * 0.4, { do: 'hostile', what: 'reads everything' }),
      ...at(ms * 0.9, { do: 'hostile', what: 'reads everything' }),
    ],
    // 250 MiB of answers take longer than a client waits, on a small machine
    requirements: [everyFaultHappened(2)],
  }),
]

import { everythingIsTaken } from '../requirements.ts'
import { at, both, nothing, put, signal } from './plans.ts'
import { conflicts, deadLettering, positions, sameIdAgain } from './safeguards.ts'
import { real, type Scenario } from './scenario.ts'

export const ofContent: readonly Scenario[] = [
  real({
    name: 'the-same-id-at-once',
    rows: [36],
    safeguard: sameIdAgain,
    load: { copies: 5 },
    plan: nothing,
    short: true,
  }),
  real({
    name: 'other-content-under-an-id',
    rows: [19],
    safeguard: conflicts,
    load: { conflicts: 0.2 },
    plan: nothing,
    short: true,
  }),
  real({
    name: 'other-content-while-persist-dies',
    rows: [19, 23],
    safeguard: conflicts,
    load: { conflicts: 0.2 },
    plan: signal('SIGKILL', 3, 'persist'),
  }),
  real({
    name: 'batches-partly-bad',
    rows: [37],
    safeguard: 'every item of a batch has its own result',
    load: { inBatches: 0.9, bad: 0.2 },
    plan: nothing,
  }),
  real({ name: 'poison', rows: [28], safeguard: deadLettering, plan: both(put('poison'), put('poison')) }),
  real({
    name: 'poison-while-everything-dies',
    rows: [24, 28],
    safeguard: deadLettering,
    plan: both(put('poison'), signal('SIGKILL', 1, 'persist', 'source', 'deadLetterSource')),
  }),
  real({
    name: 'everything-delivered-again',
    rows: [26],
    safeguard: positions,
    plan: (moments) =>
      ([1, 2, 3] as const).flatMap((n) => at(moments.ms * (0.2 + 0.2 * n), { do: 'start', part: `replay-${n}` })),
  }),
  real({
    name: 'everything-put-again',
    rows: [26, 27],
    safeguard: sameIdAgain,
    plan: (moments) => at(moments.ms * 0.7, { do: 'put', what: 'everything again' }),
  }),
  real({
    name: 'large-activities',
    rows: [7],
    safeguard: 'a group is no larger than the largest batch that Kafka accepts',
    load: { events: 1000, inBatches: 1, batchSize: 100, metadataBytes: 20_000, bad: 0 },
    plan: nothing,
    requirements: [everythingIsTaken],
  }),
  real({
    name: 'a-file-four-times',
    rows: [26, 27],
    safeguard: sameIdAgain,
    load: { events: 0, seconds: 1 },
    plan: () => at(0, { do: 'put', what: 'a file, four times' }),
  }),
]

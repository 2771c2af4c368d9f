import { answeredWithin, deliveriesAnsweredWithin } from '../requirements.ts'
import { anyTime, at, during, early, times } from './plans.ts'
import { deadlines, majority, reconnects, retries } from './safeguards.ts'
import { real, type Scenario } from './scenario.ts'

export const ofTheStore: readonly Scenario[] = [
  real({
    name: 'store-killed',
    rows: [14, 16],
    safeguard: majority,
    plan: (moments) => {
      const from = early(moments)
      return [...at(from, { do: 'store', verb: 'kill' }), ...at(from + 2000, { do: 'store', verb: 'start' })]
    },
    short: true,
  }),
  real({
    name: 'store-killed-often',
    rows: [14, 16, 23],
    safeguard: majority,
    plan: (moments) =>
      [0.15, 0.35, 0.55, 0.75].flatMap((when) =>
        at(moments.ms * when, { do: 'store', verb: 'kill' }, { do: 'store', verb: 'start' }),
      ),
  }),
  real({
    name: 'store-paused',
    rows: [20],
    safeguard: deadlines,
    plan: (moments) => {
      const from = early(moments)
      return [...at(from, { do: 'store', verb: 'pause' }), ...at(from + 3000, { do: 'store', verb: 'resume' })]
    },
  }),
  real({
    name: 'store-restarted',
    rows: [15],
    safeguard: retries,
    plan: (moments) => times(2, () => at(anyTime(moments), { do: 'store', verb: 'restart' })),
  }),
  real({
    name: 'store-absent-at-start',
    rows: [14, 40],
    safeguard: reconnects,
    setup: () => ({ absent: 'store' }),
    plan: (moments) => at(moments.ms * 0.4, { do: 'store', verb: 'start' }),
  }),
  real({
    name: 'store-paused-for-long',
    rows: [20],
    safeguard: deadlines,
    load: { seconds: 18 },
    plan: during(15_000, [{ do: 'store', verb: 'pause' }], [{ do: 'store', verb: 'resume' }]),
    requirements: [answeredWithin(8000), deliveriesAnsweredWithin(12_500)],
  }),
  real({
    name: 'store-paused-then-killed',
    rows: [14, 20],
    safeguard: majority,
    plan: during(
      2000,
      [{ do: 'store', verb: 'pause' }],
      [
        { do: 'store', verb: 'kill' },
        { do: 'store', verb: 'start' },
      ],
    ),
  }),
]

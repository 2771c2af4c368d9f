import { at, crashing, cuts, early, nothing, paused, resets, signal } from './plans.ts'
import {
  conflicts,
  deadlines,
  drain,
  fsync,
  oneTransaction,
  positions,
  retries,
  sameIdAgain,
  wholeRequests,
} from './safeguards.ts'
import { embedded, type Scenario } from './scenario.ts'

export const ofOneProcess: readonly Scenario[] = [
  embedded({ name: 'log-undisturbed', rows: [], safeguard: fsync, plan: nothing }),
  embedded({ name: 'log-killed', rows: [13, 23], safeguard: fsync, plan: signal('SIGKILL', 5, 'log'), short: true }),
  embedded({ name: 'log-terminated', rows: [12], safeguard: drain, plan: signal('SIGTERM', 5, 'log'), short: true }),
  embedded({ name: 'log-paused', rows: [11], safeguard: deadlines, plan: paused(2000, 'log') }),
  ...(
    [
      ['queue:mid-publish', oneTransaction, 60],
      ['queue:before-publish-commit', oneTransaction, 60],
      ['queue:after-publish-commit', sameIdAgain, 60],
      ['store:mid-save', oneTransaction, 40],
      ['store:before-save-commit', retries, 40],
      ['store:after-save-commit', positions, 40],
      ['queue:before-settle-commit', positions, 2],
      ['queue:after-settle-commit', positions, 2],
    ] as const
  ).map(([point, safeguard, max]) =>
    embedded({
      name: `log-crash-${point.replace(':', '-')}`,
      rows: [13, 23],
      safeguard,
      setup: crashing('log', point, 1, max),
      plan: nothing,
    }),
  ),
  embedded({
    name: 'log-disk-full',
    rows: [21],
    safeguard: 'a full disk leads to a 503, and leaves nothing behind',
    setup: () => ({ diskMebibytes: 64 }),
    plan: (moments) => {
      const from = early(moments)
      return [...at(from, { do: 'disk', full: true }), ...at(from + 2500, { do: 'disk', full: false })]
    },
  }),
  embedded({
    name: 'log-answers-cut',
    rows: [5, 35],
    safeguard: sameIdAgain,
    plan: cuts('client→ingest', 'down', 2000),
  }),
  embedded({ name: 'log-requests-cut', rows: [35], safeguard: wholeRequests, plan: cuts('client→ingest', 'up', 4000) }),
  embedded({ name: 'log-clients-reset', rows: [35], safeguard: sameIdAgain, plan: resets('client→ingest') }),
  embedded({
    name: 'log-the-same-id-at-once',
    rows: [36],
    safeguard: sameIdAgain,
    load: { copies: 5 },
    plan: signal('SIGKILL', 2, 'log'),
  }),
  embedded({
    name: 'log-other-content',
    rows: [19],
    safeguard: conflicts,
    load: { conflicts: 0.2 },
    plan: signal('SIGKILL', 2, 'log'),
  }),
  embedded({
    name: 'log-misbehaving-clients',
    rows: [34, 35],
    safeguard: wholeRequests,
    plan: (moments) =>
      (['aborts', 'sends half', 'is slow'] as const).flatMap((what) => at(early(moments), { do: 'client', what })),
  }),
]

import type { PartName } from '../fault.ts'
import { usualParts } from '../real.ts'
import { stopsCutNothingOff } from '../requirements.ts'
import { at, both, lasting, nothing, paused, signal } from './plans.ts'
import { afterKafka, afterOutcome, deadlines, drain, positions, reconnects, retries } from './safeguards.ts'
import { real, type Scenario } from './scenario.ts'

const twoOfEach: readonly PartName[] = [...usualParts, 'ingest-2', 'persist-2', 'source-2']

export const ofPrograms: readonly Scenario[] = [
  real({ name: 'nothing-happens', rows: [], safeguard: afterKafka, plan: nothing }),
  real({ name: 'ingest-killed', rows: [13], safeguard: afterKafka, plan: signal('SIGKILL', 3, 'ingest'), short: true }),
  real({
    name: 'ingest-terminated',
    rows: [12],
    safeguard: drain,
    load: { seconds: 10 },
    // the latency keeps some requests in flight at any time
    plan: both(lasting('ingest→kafka', { kind: 'latency', ms: 400 }), signal('SIGTERM', 3, 'ingest')),
    requirements: [stopsCutNothingOff],
  }),
  real({ name: 'ingest-paused', rows: [11], safeguard: deadlines, plan: paused(3000, 'ingest') }),
  real({ name: 'persist-killed', rows: [23], safeguard: retries, plan: signal('SIGKILL', 3, 'persist'), short: true }),
  real({ name: 'persist-terminated', rows: [23], safeguard: drain, plan: signal('SIGTERM', 3, 'persist') }),
  real({ name: 'persist-paused', rows: [23], safeguard: retries, plan: paused(3000, 'persist') }),
  real({ name: 'query-killed', rows: [38], safeguard: reconnects, plan: signal('SIGKILL', 3, 'query') }),
  real({
    name: 'source-killed',
    rows: [24],
    safeguard: afterOutcome,
    plan: signal('SIGKILL', 2, 'source'),
  }),
  real({ name: 'source-terminated', rows: [24], safeguard: drain, plan: signal('SIGTERM', 2, 'source') }),
  real({ name: 'source-paused', rows: [25], safeguard: afterOutcome, plan: paused(4000, 'source') }),
  real({
    name: 'all-programs-killed',
    rows: [13, 23, 24],
    safeguard: afterOutcome,
    plan: signal('SIGKILL', 2, 'ingest', 'persist', 'query', 'source', 'deadLetterSource'),
  }),
  real({
    name: 'all-programs-terminated',
    rows: [12, 23, 24],
    safeguard: drain,
    plan: signal('SIGTERM', 2, 'ingest', 'persist', 'query', 'source', 'deadLetterSource'),
  }),
  real({
    name: 'one-of-two-killed',
    rows: [13, 23, 25],
    safeguard: positions,
    setup: () => ({ parts: twoOfEach }),
    plan: signal('SIGKILL', 1, 'ingest-2', 'persist-2', 'source-2'),
  }),
  real({
    name: 'sources-join-and-leave',
    rows: [25],
    safeguard: afterOutcome,
    plan: (moments) => [
      ...at(moments.ms * 0.1, { do: 'start', part: 'source-2' }),
      ...at(moments.ms * 0.4, { do: 'start', part: 'source-3' }),
      ...at(moments.ms * 0.6, { do: 'stop', part: 'source-2' }),
      ...at(moments.ms * 0.8, { do: 'stop', part: 'source-3' }),
    ],
  }),
  real({
    name: 'twenty-cold-starts',
    rows: [39],
    safeguard: 'a request waits for the first connection to Kafka',
    setup: () => ({
      held: true,
      parts: [...usualParts, ...Array.from({ length: 19 }, (_, n): PartName => `ingest-${n + 2}`)],
    }),
    plan: nothing,
  }),
  real({
    name: 'source-killed-while-persist-refuses',
    rows: [24],
    safeguard: afterOutcome,
    load: { seconds: 8 },
    plan: (moments) => [
      ...at(moments.ms * 0.1, { do: 'toxic', on: 'source→persist', toxic: { kind: 'refuse' } }),
      // the source commits every 5 s
      ...at(moments.ms * 0.1 + 6500, { do: 'signal', part: 'source', signal: 'SIGKILL' }),
      ...at(moments.ms * 0.1 + 6600, { do: 'toxic', on: 'source→persist', toxic: undefined }),
    ],
  }),
]

import type { Fault, LinkName, PartName, Step } from './fault.ts'
import { type Load, usualLoad } from './load.ts'
import type { Toxic } from './proxy.ts'
import type { Random } from './random.ts'
import { usualParts } from './real.ts'
import type { Setup } from './start-system.ts'

/** `ms`: how long the load lasts, if nothing holds it up. */
export type Moments = { random: Random; ms: number; moves?: number | undefined }

export type Scenario = {
  name: string
  on: 'real' | 'embedded'
  /** Of the fault matrix. */
  rows: readonly number[]
  /** What has to hold, so that nothing is lost and nothing doubled. */
  safeguard: string
  load?: Partial<Load>
  setup?: (random: Random) => Setup
  plan: (moments: Moments) => readonly Step[]
  /** One of the few that run everywhere. */
  short?: true
}

const perSecond = 800
const leastSeconds = 6
const secondsPerMove = 1.5

export function loadOf({ load }: Scenario, { events, moves }: { events: number; moves?: number | undefined }): Load {
  const seconds = Math.max(leastSeconds, events / perSecond, moves === undefined ? 0 : moves * secondsPerMove)
  return { ...usualLoad, events, seconds, ...load }
}

// ---- moments

const early = ({ random, ms }: Moments) => random.between(ms * 0.1, ms * 0.4)
const anyTime = ({ random, ms }: Moments) => random.between(ms * 0.1, ms * 0.9)
const times = (count: number, step: () => readonly Step[]) => Array.from({ length: count }, step).flat()
const at = (when: number, ...faults: Fault[]): Step[] => faults.map((fault) => ({ at: when, ...fault }))

const signal =
  (name: 'SIGKILL' | 'SIGTERM', count: number, ...parts: PartName[]) =>
  (moments: Moments) =>
    times(count, () => at(anyTime(moments), ...parts.map((part): Fault => ({ do: 'signal', part, signal: name }))))

const paused =
  (ms: number, ...parts: PartName[]) =>
  (moments: Moments) => {
    const from = early(moments)
    return parts.flatMap((part) => [
      ...at(from, { do: 'signal', part, signal: 'SIGSTOP' }),
      ...at(from + ms, { do: 'signal', part, signal: 'SIGCONT' }),
    ])
  }

const toxic =
  (on: LinkName, toxic: Toxic, ms: number) =>
  (moments: Moments): Step[] => {
    const from = early(moments)
    return [...at(from, { do: 'toxic', on, toxic }), ...at(from + ms, { do: 'toxic', on, toxic: undefined })]
  }

/** Cut again and again, never at the same byte. */
const cuts =
  (on: LinkName, direction: 'up' | 'down', most: number) =>
  (moments: Moments): Step[] => {
    const each = times(8, () => {
      const afterBytes = moments.random.between(1, most)
      return at(anyTime(moments), { do: 'toxic', on, toxic: { kind: 'cut', afterBytes, direction } })
    })
    return [...each, ...at(moments.ms * 0.95, { do: 'toxic', on, toxic: undefined })]
  }

const resets =
  (on: LinkName, count = 8) =>
  (moments: Moments): Step[] =>
    times(count, () => at(anyTime(moments), { do: 'toxic', on, toxic: { kind: 'reset' } }))

const broker = ({ random }: Moments) => random.between(1, 3)

const put =
  (what: 'poison' | 'everything again') =>
  (moments: Moments): Step[] =>
    at(anyTime(moments), { do: 'put', what })

const both =
  (...plans: Scenario['plan'][]) =>
  (moments: Moments) =>
    plans.flatMap((plan) => plan(moments))
const nothing: Scenario['plan'] = () => []

const crashing =
  (part: PartName, point: string, least: number, most: number): NonNullable<Scenario['setup']> =>
  (random) => ({
    crashes: { [part]: Array.from({ length: 3 }, () => `${point}#${random.between(least, most)}`) },
  })

// ---- what is relied on

const afterKafka = 'a 202 is given once all replicas in sync have the record'
const sameIdAgain = 'what is unknown may be sent again: the id is unique where the row is written'
const afterOutcome = 'offsets are committed after the outcome of every record before them'
const majority = 'persist answers once a majority has the row in its journal'
const onePartition = 'an acknowledgement counts only when it names the one partition of its batch'
const elsewhere = 'a batch goes to another leader when its own does not answer'
const drain = 'a stop finishes what is under way'
const deadlines = 'everything that waits has a deadline'
const retries = 'a delivery that fails is tried again, as long as it takes'
const positions = 'a redelivery finds its own position'
const parking = 'what can never be saved is parked, and the partition goes on'
const reconnects = 'every connection is made anew, without a restart'
const bounded = 'a queue is bounded, and what is beyond is told to come again'
const fsync = 'the queue and the store are synced before they answer'
const wholeRequests = 'only a whole request is an activity'
const conflicts = 'under one id the first content stays, and the other is a dead letter'
const oneTransaction = 'a group is in the file as a whole or not at all'

const real = (scenario: Omit<Scenario, 'on'>): Scenario => ({ on: 'real', ...scenario })
const embedded = (scenario: Omit<Scenario, 'on'>): Scenario => ({ on: 'embedded', ...scenario })

const twoOfEach: readonly PartName[] = [...usualParts, 'ingest-2', 'persist-2', 'source-2']

export const scenarios: readonly Scenario[] = [
  real({ name: 'nothing-happens', rows: [], safeguard: afterKafka, plan: nothing }),

  // programs
  real({ name: 'ingest-killed', rows: [13], safeguard: afterKafka, plan: signal('SIGKILL', 3, 'ingest'), short: true }),
  real({ name: 'ingest-terminated', rows: [12], safeguard: drain, plan: signal('SIGTERM', 3, 'ingest') }),
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
    short: true,
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
    safeguard: 'a request that comes before Kafka is reached waits for it',
    setup: () => ({
      held: true,
      parts: [...usualParts, ...Array.from({ length: 19 }, (_, n): PartName => `ingest-${n + 2}`)],
    }),
    plan: nothing,
  }),

  // between two steps
  real({
    name: 'crash-before-publish',
    rows: [13],
    safeguard: sameIdAgain,
    setup: crashing('ingest', 'ingest:before-publish', 3, 60),
    plan: nothing,
  }),
  real({
    name: 'crash-after-publish',
    rows: [5],
    safeguard: sameIdAgain,
    setup: crashing('ingest', 'ingest:after-publish', 3, 60),
    plan: nothing,
    short: true,
  }),
  real({
    name: 'crash-in-the-middle-of-an-answer',
    rows: [5],
    safeguard: sameIdAgain,
    setup: crashing('ingest', 'http:mid-answer', 3, 200),
    plan: nothing,
  }),
  real({
    name: 'crash-before-insert',
    rows: [23],
    safeguard: retries,
    setup: crashing('persist', 'persist:before-insert', 2, 30),
    plan: nothing,
  }),
  real({
    name: 'crash-after-insert',
    rows: [23],
    safeguard: positions,
    setup: crashing('persist', 'persist:after-insert', 2, 30),
    plan: nothing,
    short: true,
  }),
  real({
    name: 'crash-after-park',
    rows: [23, 28],
    safeguard: parking,
    load: { conflicts: 0.1 },
    setup: crashing('persist', 'persist:after-park', 2, 20),
    plan: put('poison'),
  }),
  real({
    name: 'crash-before-park',
    rows: [23, 28],
    safeguard: parking,
    load: { conflicts: 0.1 },
    setup: crashing('persist', 'persist:before-park', 2, 20),
    plan: put('poison'),
  }),
  real({
    name: 'crash-before-delivery',
    rows: [24],
    safeguard: afterOutcome,
    setup: crashing('source', 'dispatcher:before-post', 10, 800),
    plan: nothing,
  }),
  real({
    name: 'crash-after-answer',
    rows: [24],
    safeguard: positions,
    setup: crashing('source', 'dispatcher:after-answer', 10, 800),
    plan: nothing,
  }),
  real({
    name: 'crash-before-commit',
    rows: [24],
    safeguard: positions,
    setup: crashing('source', 'dispatcher:before-commit', 1, 1),
    plan: nothing,
  }),
  real({
    name: 'crash-after-commit',
    rows: [24],
    safeguard: afterOutcome,
    setup: crashing('source', 'dispatcher:after-commit', 1, 1),
    plan: nothing,
  }),
  real({
    name: 'crash-after-dead-letter',
    rows: [24, 28],
    safeguard: parking,
    setup: crashing('source', 'dispatcher:after-dead-letter', 1, 1),
    plan: put('poison'),
  }),

  // Kafka
  real({
    name: 'broker-killed',
    rows: [2],
    safeguard: elsewhere,
    plan: (moments) => {
      const number = broker(moments)
      const from = early(moments)
      return [...at(from, { do: 'broker', verb: 'kill', number }), ...at(from + 3000, { do: 'brokers', verb: 'start' })]
    },
    short: true,
  }),
  real({
    name: 'broker-paused',
    rows: [3],
    safeguard: elsewhere,
    plan: (moments) => {
      const number = broker(moments)
      const from = early(moments)
      return [
        ...at(from, { do: 'broker', verb: 'pause', number }),
        ...at(from + 3000, { do: 'broker', verb: 'resume', number }),
      ]
    },
  }),
  real({
    name: 'broker-restarted',
    rows: [2, 4],
    safeguard: elsewhere,
    plan: (moments) => at(early(moments), { do: 'broker', verb: 'restart', number: broker(moments) }),
  }),
  real({
    name: 'two-brokers-killed',
    rows: [6],
    safeguard: afterKafka,
    plan: (moments) => {
      const from = early(moments)
      const [one = 1, other = 2] = moments.random.shuffled([1, 2, 3])
      return [
        ...at(from, { do: 'broker', verb: 'kill', number: one }, { do: 'broker', verb: 'kill', number: other }),
        ...at(from + 2000, { do: 'brokers', verb: 'start' }),
      ]
    },
  }),
  real({
    name: 'all-brokers-killed',
    rows: [1, 2],
    safeguard: reconnects,
    plan: (moments) => {
      const from = early(moments)
      const kill = [1, 2, 3].map((number): Fault => ({ do: 'broker', verb: 'kill', number }))
      return [...at(from, ...kill), ...at(from + 1000, { do: 'brokers', verb: 'start' })]
    },
  }),
  real({
    name: 'brokers-absent-at-start',
    rows: [1, 40],
    safeguard: reconnects,
    setup: () => ({ absent: 'brokers' }),
    plan: (moments) => at(moments.ms * 0.3, { do: 'brokers', verb: 'start' }),
  }),
  real({
    name: 'leader-moves',
    rows: [4],
    safeguard: onePartition,
    plan: (moments) => manyMoves(moments),
    short: true,
  }),

  // the store
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

  // from the clients to ingest
  real({
    name: 'clients-late',
    rows: [8],
    safeguard: bounded,
    plan: toxic('client→ingest', { kind: 'latency', ms: 200 }, 2500),
  }),
  real({
    name: 'clients-slow',
    rows: [34],
    safeguard: deadlines,
    plan: toxic('client→ingest', { kind: 'bandwidth', bytesPerSecond: 2000 }, 2500),
  }),
  real({
    name: 'answers-to-clients-cut',
    rows: [5, 35],
    safeguard: sameIdAgain,
    plan: cuts('client→ingest', 'down', 2000),
    short: true,
  }),
  real({
    name: 'requests-of-clients-cut',
    rows: [35],
    safeguard: wholeRequests,
    plan: cuts('client→ingest', 'up', 4000),
  }),
  real({ name: 'clients-reset', rows: [35], safeguard: sameIdAgain, plan: resets('client→ingest') }),
  real({
    name: 'clients-half-closed',
    rows: [35],
    safeguard: wholeRequests,
    plan: (moments) =>
      times(6, () => {
        const direction = moments.random.pick(['up', 'down'] as const)
        return at(anyTime(moments), { do: 'toxic', on: 'client→ingest', toxic: { kind: 'half-close', direction } })
      }),
  }),
  real({
    name: 'clients-in-a-black-hole',
    rows: [35],
    safeguard: sameIdAgain,
    plan: toxic('client→ingest', { kind: 'black hole' }, 3000),
  }),
  real({
    name: 'rude-clients',
    rows: [34, 35],
    safeguard: wholeRequests,
    plan: (moments) =>
      (['aborts', 'sends half', 'is slow'] as const).flatMap((what) => at(early(moments), { do: 'client', what })),
  }),

  // from ingest to Kafka
  real({
    name: 'kafka-late',
    rows: [8],
    safeguard: bounded,
    plan: toxic('ingest→kafka', { kind: 'latency', ms: 300 }, 3000),
  }),
  real({
    name: 'kafka-slow',
    rows: [8],
    safeguard: deadlines,
    plan: toxic('ingest→kafka', { kind: 'bandwidth', bytesPerSecond: 20_000 }, 3000),
  }),
  real({
    name: 'acknowledgements-cut',
    rows: [5],
    safeguard: sameIdAgain,
    plan: cuts('ingest→kafka', 'down', 3000),
    short: true,
  }),
  real({ name: 'records-cut', rows: [5], safeguard: elsewhere, plan: cuts('ingest→kafka', 'up', 20_000) }),
  real({ name: 'kafka-resets', rows: [2], safeguard: reconnects, plan: resets('ingest→kafka') }),
  real({
    name: 'kafka-in-a-black-hole',
    rows: [3],
    safeguard: deadlines,
    plan: toxic('ingest→kafka', { kind: 'black hole' }, 4000),
  }),
  real({
    name: 'acknowledgements-in-a-black-hole',
    rows: [3, 5],
    safeguard: deadlines,
    plan: toxic('ingest→kafka', { kind: 'black hole', direction: 'down' }, 4000),
  }),
  real({
    name: 'kafka-refuses',
    rows: [1],
    safeguard: reconnects,
    plan: toxic('ingest→kafka', { kind: 'refuse' }, 3000),
  }),

  // from Kafka to persist
  real({ name: 'source-cut-from-kafka', rows: [24], safeguard: afterOutcome, plan: resets('source→kafka', 3) }),
  real({
    name: 'source-in-a-black-hole',
    rows: [24, 25],
    safeguard: afterOutcome,
    plan: toxic('source→kafka', { kind: 'black hole' }, 3000),
  }),
  real({
    name: 'deliveries-late',
    rows: [23],
    safeguard: afterOutcome,
    plan: toxic('source→persist', { kind: 'latency', ms: 200 }, 3000),
  }),
  real({ name: 'deliveries-cut', rows: [23], safeguard: wholeRequests, plan: cuts('source→persist', 'up', 5000) }),
  real({ name: 'answers-of-persist-cut', rows: [23], safeguard: positions, plan: cuts('source→persist', 'down', 500) }),
  real({ name: 'deliveries-reset', rows: [23], safeguard: positions, plan: resets('source→persist') }),
  real({
    name: 'persist-in-a-black-hole',
    rows: [23],
    safeguard: retries,
    plan: toxic('source→persist', { kind: 'black hole' }, 3000),
  }),
  real({
    name: 'persist-refuses',
    rows: [23],
    safeguard: retries,
    plan: toxic('source→persist', { kind: 'refuse' }, 2000),
  }),

  // from persist and query to the store
  real({
    name: 'store-late',
    rows: [20],
    safeguard: deadlines,
    plan: toxic('persist→store', { kind: 'latency', ms: 200 }, 3000),
  }),
  real({ name: 'writes-cut', rows: [16], safeguard: retries, plan: cuts('persist→store', 'up', 50_000) }),
  real({
    name: 'answers-of-the-store-cut',
    rows: [16, 17],
    safeguard: positions,
    plan: cuts('persist→store', 'down', 2000),
    short: true,
  }),
  real({ name: 'store-resets', rows: [16], safeguard: positions, plan: resets('persist→store') }),
  real({
    name: 'store-in-a-black-hole',
    rows: [20],
    safeguard: deadlines,
    plan: toxic('persist→store', { kind: 'black hole' }, 4000),
  }),
  real({
    name: 'answers-of-the-store-in-a-black-hole',
    rows: [20],
    safeguard: positions,
    plan: toxic('persist→store', { kind: 'black hole', direction: 'down' }, 4000),
  }),
  real({
    name: 'query-cut-from-the-store',
    rows: [38],
    safeguard: reconnects,
    plan: toxic('query→store', { kind: 'black hole' }, 3000),
  }),

  // what comes
  real({
    name: 'the-same-id-at-once',
    rows: [36],
    safeguard: sameIdAgain,
    load: { copies: 10 },
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
  real({ name: 'poison', rows: [28], safeguard: parking, plan: both(put('poison'), put('poison')) }),
  real({
    name: 'poison-while-everything-dies',
    rows: [24, 28],
    safeguard: parking,
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

  // one process
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
  ).map(([point, safeguard, most]) =>
    embedded({
      name: `log-crash-${point.replace(':', '-')}`,
      rows: [13, 23],
      safeguard,
      setup: crashing('log', point, 1, most),
      plan: nothing,
    }),
  ),
  embedded({
    name: 'log-disk-full',
    rows: [21],
    safeguard: 'a full disk is a 503, and leaves nothing behind',
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
    load: { copies: 10 },
    plan: signal('SIGKILL', 2, 'log'),
  }),
  embedded({
    name: 'log-other-content',
    rows: [19],
    safeguard: conflicts,
    load: { conflicts: 0.2 },
    plan: signal('SIGKILL', 2, 'log'),
  }),
]

/** Moves of leaders, each tenth a death instead: the load lasts as long as they do. */
function manyMoves({ random, ms, moves = 4 }: Moments): Step[] {
  return Array.from({ length: moves }, (_, n): readonly Step[] => {
    const when = (ms * (n + 0.5)) / moves
    if (moves < 10 || n % 10 !== 9)
      return at(when, random.chance(0.5) ? { do: 'move' } : { do: 'move', partition: random.between(0, 11) })
    const number = random.between(1, 3)
    return at(when, { do: 'broker', verb: 'kill', number }, { do: 'broker', verb: 'restart', number })
  }).flat()
}

import { anyTime, at, cuts, early, resets, times, toxic } from './plans.ts'
import {
  afterOutcome,
  bounded,
  deadlines,
  elsewhere,
  positions,
  reconnects,
  retries,
  sameIdAgain,
  wholeRequests,
} from './safeguards.ts'
import { real, type Scenario } from './scenario.ts'

export const ofLinks: readonly Scenario[] = [
  // these break the link from the clients to ingest
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
    name: 'misbehaving-clients',
    rows: [34, 35],
    safeguard: wholeRequests,
    plan: (moments) =>
      (['aborts', 'sends half', 'is slow'] as const).flatMap((what) => at(early(moments), { do: 'client', what })),
  }),

  // these break the link from ingest to Kafka
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

  // these break the link from Kafka to persist
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

  // these break the link from persist and query to the store
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
]

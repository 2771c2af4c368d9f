import type { Fault, Step } from '../fault.ts'
import { answeredWithin, excessIsToldWithin } from '../requirements.ts'
import { aBroker, at, during, early } from './plans.ts'
import { afterKafka, bounded, deadlines, elsewhere, onePartition, reconnects } from './safeguards.ts'
import { type Moments, real, type Scenario } from './scenario.ts'

/** ingest answers sooner; the rest allows for a machine under load. */
const answerMs = 8000
const everyBroker = (verb: 'pause' | 'resume' | 'kill') =>
  [1, 2, 3].map((number): Fault => ({ do: 'broker', verb, number }))

export const ofKafka: readonly Scenario[] = [
  real({
    name: 'broker-killed',
    rows: [2],
    safeguard: elsewhere,
    plan: (moments) => {
      const number = aBroker(moments)
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
      const number = aBroker(moments)
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
    plan: (moments) => at(early(moments), { do: 'broker', verb: 'restart', number: aBroker(moments) }),
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
  real({
    name: 'all-brokers-paused',
    rows: [3, 8],
    safeguard: deadlines,
    load: { seconds: 12, clients: 8 },
    plan: during(10_000, everyBroker('pause'), everyBroker('resume')),
    requirements: [answeredWithin(answerMs)],
  }),
  real({
    name: 'a-leader-dies-alone',
    rows: [2, 6],
    safeguard: afterKafka,
    plan: (moments) => {
      const from = early(moments)
      const [one = 1, two = 2, alone = 3] = moments.random.shuffled([1, 2, 3])
      const others = [one, two]
      return [
        ...at(from, ...others.map((number): Fault => ({ do: 'broker', verb: 'pause', number }))),
        ...at(from + 1500, { do: 'broker', verb: 'kill', number: alone }),
        ...at(from + 1600, ...others.map((number): Fault => ({ do: 'broker', verb: 'resume', number }))),
        ...at(from + 4000, { do: 'brokers', verb: 'start' }),
      ]
    },
  }),
  real({
    name: 'more-than-can-wait',
    rows: [8, 11],
    safeguard: bounded,
    // these are more activities than may wait, in fewer bytes than may be in flight
    load: { events: 30_000, seconds: 1, clients: 100, inBatches: 1, batchSize: 1000, retried: 0 },
    plan: (moments) => [
      ...at(0, { do: 'toxic', on: 'ingest→kafka', toxic: { kind: 'black hole' } }),
      ...at(moments.ms + 4000, { do: 'toxic', on: 'ingest→kafka', toxic: undefined }),
    ],
    requirements: [excessIsToldWithin(2500)],
  }),
]

/** Moves leaders, and kills one in every tenth move instead; the load lasts as long as the moves do. */
function manyMoves({ random, ms, moves = 4 }: Moments): Step[] {
  return Array.from({ length: moves }, (_, n): readonly Step[] => {
    const when = (ms * (n + 0.5)) / moves
    if (moves < 10 || n % 10 !== 9)
      return at(when, random.chance(0.5) ? { do: 'move' } : { do: 'move', partition: random.between(0, 11) })
    const number = random.between(1, 3)
    return at(when, { do: 'broker', verb: 'kill', number }, { do: 'broker', verb: 'restart', number })
  }).flat()
}

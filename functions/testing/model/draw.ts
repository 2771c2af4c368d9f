import type { JsonObject } from '@activity-log/shared/json.ts'
import fc from 'fast-check'
import type { Wanted } from './log-model.ts'

/**
 * An activity that arrives some steps after its record got a position in the queue. It may arrive a second time.
 */
export type Arrival = {
  userId: string
  action: string
  /** Nanoseconds since 1970. */
  instant: bigint
  receivedAtMs: number
  sequence: number
  metadata: JsonObject | undefined
  partition: number
  delay: number
  isRepeated: boolean
}
export type Move = { to: 'next' | 'previous' | 'page'; page: number; arrivals: readonly Arrival[]; waitMs: number }
export type Case = {
  before: readonly Arrival[]
  wanted: Wanted
  limit: number
  count: 'capped' | 'exact' | 'none'
  startPage: number
  moves: readonly Move[]
  /** Whether the links are followed as they are, or without the snapshot that they name. */
  keepsSnapshot: boolean
}

const startMs = Date.UTC(2024, 0, 15, 10)
/** Few different instants, so that many activities share one, some differ below a millisecond, and some are late. */
const instant = fc
  .tuple(fc.integer({ min: 0, max: 9 }), fc.constantFrom(0n, 0n, 1n, 999_999n))
  .map(([n, nanoseconds]) => BigInt(startMs + (n % 2 ? n * 3_600_000 : n)) * 1_000_000n + nanoseconds)
const receivedAtMs = fc.integer({ min: 0, max: 2 }).map((n) => Date.UTC(2026, 0) + n)
const userId = fc.constantFrom('ann', 'bob', 'Ünï☃😀', '.*', '$ne', '%_')
const actions = ['cart.add', 'cart.pay', 'cart*', 'login', 'a,b', 'back\\slash', 'żółć', 'lo%', '!cart', '\\!']
const action = fc.constantFrom(...actions)
const name = fc.constantFrom('a', 'b', 'a.b', '$set', '0', '__proto__', 'constructor', '☃')
const scalar = fc.constantFrom('1', '1.5', '"1"', 'true', '"true"', 'null', '"null"', '"☃"', '1e21', '""')
const json = fc.letrec<{ value: string; object: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 2 },
    scalar,
    tie('object'),
    fc.array(tie('value'), { maxLength: 2 }).map((items) => `[${items}]`),
  ),
  object: fc
    .uniqueArray(fc.tuple(name, tie('value')), { maxLength: 3, selector: ([key]) => key })
    .map((members) => `{${members.map(([key, value]) => `${JSON.stringify(key)}:${value}`)}}`),
}))
const metadata = fc.option(
  json.object.map((text) => JSON.parse(text) as JsonObject),
  { nil: undefined },
)

const arrival: fc.Arbitrary<Arrival> = fc.record({
  userId,
  action,
  instant,
  receivedAtMs,
  sequence: fc.integer({ min: 0, max: 2 }),
  metadata,
  partition: fc.integer({ min: 0, max: 2 }),
  delay: fc.oneof({ arbitrary: fc.constant(0), weight: 4 }, { arbitrary: fc.integer({ min: 1, max: 3 }), weight: 1 }),
  isRepeated: fc.oneof({ arbitrary: fc.constant(false), weight: 9 }, { arbitrary: fc.constant(true), weight: 1 }),
})

const pattern = fc.oneof(
  action.map((name) => ({ name, isBeginning: false })),
  fc
    .constantFrom('', 'c', 'cart', 'cart.', 'cart*', 'l', 'lo', 'none', 'a,', '!')
    .map((name) => ({ name, isBeginning: true })),
)
const match = fc.record({
  path: fc.array(name, { minLength: 1, maxLength: 2 }),
  value: fc.constantFrom('1', '1.0', '1.5', 'true', 'null', '☃', '', '1000000000000000000000'),
})
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 })

const wanted: fc.Arbitrary<Wanted> = fc
  .record({
    users: maybe(fc.uniqueArray(userId, { minLength: 1, maxLength: 3 })),
    excluded: maybe(fc.array(pattern, { minLength: 1, maxLength: 2 })),
    actions: maybe(fc.array(pattern, { minLength: 1, maxLength: 3 })),
    from: maybe(instant),
    to: maybe(instant),
    metadata: fc.option(fc.uniqueArray(match, { minLength: 1, maxLength: 2, selector: ({ path }) => path.join('.') }), {
      nil: undefined,
    }),
    text: maybe(fc.constantFrom('CART', 'ünï', '1', '"', 'e+21', 'NULL', '\\', '__PROTO__', 'żÓŁĆ', 'o')),
    order: fc.constantFrom('asc', 'desc'),
  })
  .filter(({ from, to }) => from === undefined || to === undefined || from <= to)
  .map(({ metadata, text, ...others }): Wanted => (isNarrow(others) ? { metadata, text, ...others } : others))

/** A filter by metadata or text needs another filter beside it. */
const isNarrow = ({ users, actions, from, to }: Omit<Wanted, 'metadata' | 'text'>) =>
  users !== undefined ||
  actions?.every(({ name, isBeginning }) => !isBeginning || name !== '') === true ||
  (from !== undefined && to !== undefined)

const move: fc.Arbitrary<Move> = fc.record({
  to: fc.constantFrom('next', 'next', 'previous', 'page'),
  page: fc.integer({ min: 1, max: 6 }),
  arrivals: fc.array(arrival, { maxLength: 4 }),
  waitMs: fc.constantFrom(0, 2000),
})

export const aCase: fc.Arbitrary<Case> = fc.record({
  before: fc.array(arrival, { maxLength: 30, size: 'max' }),
  wanted,
  limit: fc.constantFrom(1, 2, 3, 5, 1000),
  count: fc.constantFrom('capped', 'exact', 'none'),
  startPage: fc.constantFrom(1, 1, 1, 2),
  moves: fc.array(move, { maxLength: 8, size: 'max' }),
  keepsSnapshot: fc.boolean(),
})

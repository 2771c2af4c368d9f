import { type Random, randomFrom } from '../seeded-random.ts'
import type { VirtualTime } from './virtual-time.ts'

/** How probable each fault is. */
export type FaultRates = {
  /** The longest way that a message has, in milliseconds. */
  maxMs: number
  lostRequest: number
  lostAnswer: number
  doubledRequest: number
  /** Kafka, or the queue, says no before it has appended. */
  refusedAppend: number
  /** It has appended, and the acknowledgement is lost. */
  lostAcknowledgement: number
  /** It answers, well or not, after the caller's timeout. */
  lateAcknowledgement: number
  /** The records are appended twice. */
  doubledAppend: number
  failedWrite: number
  /** A part of it is written, and the call fails. */
  partialWrite: number
  /** The call fails, and later it is written after all. */
  belatedWrite: number
  slowWrite: number
  /** At each moment that chaos has. */
  crash: number
  rebalance: number
  partition: number
  consumerFailure: number
}

/** What all parts of a simulation have in common. */
export type World = {
  random: Random
  now(): number
  rates: FaultRates
  after(ms: number): Promise<void>
  /** The time that one message takes. */
  way(): Promise<void>
  /** A line of the trace. */
  note(fact: string): void
  /** A promise is broken. */
  violate(violation: string): void
  readonly violations: readonly string[]
  readonly trace: readonly string[]
}

const noFaults: FaultRates = {
  maxMs: 20,
  lostRequest: 0,
  lostAnswer: 0,
  doubledRequest: 0,
  refusedAppend: 0,
  lostAcknowledgement: 0,
  lateAcknowledgement: 0,
  doubledAppend: 0,
  failedWrite: 0,
  partialWrite: 0,
  belatedWrite: 0,
  slowWrite: 0,
  crash: 0,
  rebalance: 0,
  partition: 0,
  consumerFailure: 0,
}

/** Each fault is absent from a third of the seeds: it shows most beside some others, not beside all of them. */
export function drawFaultRates(random: Random): FaultRates {
  const rates = { ...noFaults, maxMs: random.pick([5, 50, 400, 2000]) }
  for (const fault of Object.keys(noFaults) as (keyof FaultRates)[]) {
    if (fault !== 'maxMs') rates[fault] = random.pick([0, 0.05, 0.25])
  }
  return rates
}

export const endFaults = (rates: FaultRates): void => void Object.assign(rates, noFaults)

export function createWorld(seed: number, time: VirtualTime, say: (line: string) => void = () => {}): World {
  const random = randomFrom(seed)
  const rates = drawFaultRates(random)
  const violations: string[] = []
  const trace: string[] = []
  const note = (fact: string) => {
    const line = `${time.now()} ${fact}`
    trace.push(line)
    say(line)
  }
  const after = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms))
  return {
    random,
    now: time.now,
    rates,
    after,
    way: () => after(random.between(0, rates.maxMs)),
    note,
    violate(violation) {
      violations.push(violation)
      note(`VIOLATION ${violation}`)
    },
    violations,
    trace,
  }
}

export const never = new Promise<never>(() => {})

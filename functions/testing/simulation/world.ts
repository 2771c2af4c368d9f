import { type Random, randomFrom } from '../seeded-random.ts'
import type { VirtualTime } from './virtual-time.ts'

/** The probability of each fault. */
export type FaultRates = {
  /** The longest time that a message takes, in milliseconds. */
  maxMs: number
  lostRequest: number
  lostAnswer: number
  doubledRequest: number
  /** Kafka, or the queue, rejects the records before appending them. */
  refusedAppend: number
  /** The records are appended, and the acknowledgment is lost. */
  lostAcknowledgement: number
  /** The answer comes after the caller's timeout. */
  lateAcknowledgement: number
  /** The records are appended twice. */
  doubledAppend: number
  failedWrite: number
  /** Part of the data is written, and the call fails. */
  partialWrite: number
  /** The call fails, and the write takes effect later. */
  belatedWrite: number
  slowWrite: number
  /** Applies at each step at which a fault may be injected. */
  crash: number
  rebalance: number
  partition: number
  consumerFailure: number
}

/** The parts that the whole simulation shares. */
export type World = {
  random: Random
  now(): number
  rates: FaultRates
  after(ms: number): Promise<void>
  /** Waits for as long as one message takes. */
  way(): Promise<void>
  /** Adds a line to the trace. */
  note(fact: string): void
  /** Reports that a promise is broken. */
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

/** Each fault is absent from a third of the seeds, because it shows best beside some of the others, not beside all. */
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

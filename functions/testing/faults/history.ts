import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import type { SentActivity } from '@activity-log/shared/activity.ts'
import { describe, type Fault } from './fault.ts'

/** `unknown`: sending it again with the same id is always safe, and so is leaving it. */
export type Outcome = 'ok' | 'rejected' | 'unknown'

/** One attempt with one activity. Times are milliseconds since the history began. */
export type Attempt = {
  id: string
  activity: SentActivity
  /** Whether it went through ingest, or straight onto the topic. */
  to: 'ingest' | 'topic'
  sentAt: number
  endedAt: number
  outcome: Outcome
  receipt?: string
  why?: string
  /** Nobody said anything: the connection broke, or the time was over. */
  unanswered?: true
}

/** A page that was asked for, or a delivery that was repeated, while things went wrong. */
export type Read = {
  of: 'page' | 'delivery'
  sentAt: number
  endedAt: number
  status: number | undefined
  twice: readonly string[]
}
export type InjectedFault = { at: number; fault: Fault }

/** What was put onto the topic that no activity can be made of: it is to be found among the dead letters. */
export type Poison = { name: string; body: Buffer }

export type History = AsyncDisposable & {
  path: string
  attempts: readonly Attempt[]
  poison: readonly Poison[]
  reads: readonly Read[]
  faults: readonly InjectedFault[]
  namedNothing: readonly string[]
  now(): number
  /** Is written before the request is. */
  sends(id: string): number
  ended(attempt: Attempt): void
  put(poison: Poison): void
  read(read: Read): void
  /** A receipt whose dead letter was not there. */
  readNothing(receipt: string): void
  injected(at: number, fault: Fault): void
  /** Anything else that explains what happened. */
  note(fact: object): void
}

/** Keeps everything in memory, and writes it as it happens: a history that ends in the middle says how far it came. */
export function openHistory(path: string): History {
  const startedAt = performance.now()
  const file = createWriteStream(path)
  const attempts: Attempt[] = []
  const poison: Poison[] = []
  const reads: Read[] = []
  const faults: InjectedFault[] = []
  const namedNothing: string[] = []
  const now = () => Math.round(performance.now() - startedAt)
  const write = (fact: object) => void file.write(`${JSON.stringify(fact)}\n`)

  return {
    path,
    attempts,
    poison,
    reads,
    faults,
    namedNothing,
    now,
    sends(id) {
      const at = now()
      write({ at, sends: id })
      return at
    },
    ended(attempt) {
      attempts.push(attempt)
      write(attempt)
    },
    put(one) {
      poison.push(one)
      write({ at: now(), poison: one.name, body: one.body.toString('base64') })
    },
    read(one) {
      reads.push(one)
      write({ read: one })
    },
    readNothing(receipt) {
      namedNothing.push(receipt)
      write({ at: now(), namesNothing: receipt })
    },
    injected(at, fault) {
      faults.push({ at, fault })
      write({ at, fault: describe(fault) })
    },
    note: (fact) => write({ at: now(), ...fact }),
    async [Symbol.asyncDispose]() {
      file.end()
      await finished(file)
    },
  }
}

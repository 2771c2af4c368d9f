import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import type { SentActivity } from '@activity-log/shared/activity.ts'
import { describe, type Fault } from './fault.ts'

/** `unknown`: the activity may or may not be stored. Sending it again with the same id is always safe. */
export type Outcome = 'ok' | 'rejected' | 'unknown'

/** One attempt to send one activity. Times are milliseconds since the history began. */
export type Attempt = {
  id: string
  activity: SentActivity
  /** Whether the activity went through ingest, or straight onto the topic. */
  to: 'ingest' | 'topic'
  sentAt: number
  endedAt: number
  outcome: Outcome
  receipt?: string
  why?: string
  /** There was no answer: the connection broke, or the time was over. */
  unanswered?: true
}

/** A page that was read, or a delivery that was repeated, while faults were injected. */
export type Read = {
  of: 'page' | 'delivery'
  sentAt: number
  endedAt: number
  status: number | undefined
  twice: readonly string[]
}
export type InjectedFault = { at: number; fault: Fault }

/** A record on the topic that is not a valid activity; it has to become a dead letter. */
export type Poison = { name: string; body: Buffer }

export type History = AsyncDisposable & {
  path: string
  attempts: readonly Attempt[]
  poison: readonly Poison[]
  reads: readonly Read[]
  faults: readonly InjectedFault[]
  namedNothing: readonly string[]
  now(): number
  /** Is written before the request is sent. */
  sends(id: string): number
  ended(attempt: Attempt): void
  put(poison: Poison): void
  read(read: Read): void
  /** Notes a receipt whose dead letter did not exist. */
  readNothing(receipt: string): void
  injected(at: number, fault: Fault): void
  /** Notes any other fact that explains the history. */
  note(fact: object): void
}

/** Keeps everything in memory, and also writes it immediately, so that a run that breaks leaves its history. */
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

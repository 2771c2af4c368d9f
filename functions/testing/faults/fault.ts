import type { HostileWay } from './hostile-clients.ts'
import type { Toxic } from './proxy.ts'

/** The programs of a scenario. The second program of a kind has a number after its name. */
export type Kind = 'ingest' | 'persist' | 'query' | 'source' | 'deadLetterSource' | 'replay' | 'log'
export type PartName = Kind | `${Kind}-${number}`
export const kindOf = (part: PartName) => part.split('-')[0] as Kind

/** The places of the proxies. The sources for dead letters share `source`'s link to Kafka. */
export const links = [
  'client→ingest',
  'ingest→kafka',
  'source→kafka',
  'source→persist',
  'persist→store',
  'query→store',
] as const
export type LinkName = (typeof links)[number]

export type Fault =
  /** A program that ends is started again, whatever ended it. */
  | { do: 'signal'; part: PartName; signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT' }
  | { do: 'start' | 'stop'; part: PartName }
  | { do: 'broker'; verb: 'kill' | 'pause' | 'resume' | 'restart'; number: number }
  /** Starts and resumes every broker that is down. */
  | { do: 'brokers'; verb: 'start' }
  /** Moves the leader of one partition, or of each. */
  | { do: 'move'; partition?: number }
  | { do: 'store'; verb: 'kill' | 'pause' | 'resume' | 'restart' | 'start' }
  | { do: 'toxic'; on: LinkName; toxic: Toxic | undefined }
  | { do: 'disk'; full: boolean }
  /** Puts records straight onto the topic: poison, every record so far, or a file four times, in any order. */
  | { do: 'put'; what: 'poison' | 'everything again' | 'a file, four times' }
  /** Resolves when the client has gone, and rejects if the log took too much memory meanwhile. */
  | { do: 'hostile'; what: HostileWay }
  | { do: 'client'; what: 'aborts' | 'sends half' | 'is slow' }

/** `at` counts milliseconds from the first request. */
export type Step = { at: number } & Fault

export const describe = ({ do: verb, ...rest }: Fault): string =>
  [
    verb,
    ...Object.values(rest).map((value) => (typeof value === 'object' ? Object.values(value).join(' ') : String(value))),
  ].join(' ')

import { readFileSync } from 'node:fs'
import * as v from 'valibot'

/**
 * What the simulation of the autoscaling is fed, for activities that come one a request. `--measured FILE` replaces any of
 * it with what was measured elsewhere: JSON with members of these names.
 */
export const measured = {
  ingest: {
    /** Activities/s of a pod that has a core: less than half of what `npm run bench -- ingest` measures, since queue-proxy takes part of it. */
    perSecond: 5_000,
    /** From POST to 202 in a pod that is not busy: half a commit to wait for and one of its own, acks from all. An estimate, between what `npm run bench -- ingest` measures with one connection and with 128. */
    latencyMs: 8,
    /** From the start of the process to its first answer: four to five times what `npm run bench -- cold` measures, for cold disks. */
    coldStartMs: 350,
    /** Beyond so many requests at once a process says 503 (shared/http/serve.ts). */
    requestsAtOnce: 5_000,
  },
  persist: {
    /** Deliveries/s of a pod that has a core: half of what `npm run bench -- persist` measures. */
    perSecond: 1_900,
    /** From a delivery to its 204, with queue-proxy and the dispatcher's turn, in a pod that is not busy. An estimate. */
    latencyMs: 9,
    /** As ingest's. */
    coldStartMs: 500,
  },
  dispatcher: {
    /** Deliveries/s of KafkaSource's dispatcher to a sink that answers at once, `unordered`. */
    perSecond: 5_000,
    /** A JVM, on a node that has its image. An estimate. */
    coldStartMs: 10_000,
  },
  /** What the platform adds to each cold start: scheduling, sandbox, network, readiness. Reports say 0.8 to 3 s. */
  platformStartMs: 1_500,
  /** How long a pod that is to go still stands: queue-proxy waits so long after the last request. */
  drainMs: 30_000,
}

export type Measured = typeof measured

const Positive = v.pipe(v.number(), v.gtValue(0))
const Some = v.partial(
  v.strictObject({
    ingest: v.partial(
      v.strictObject({ perSecond: Positive, latencyMs: Positive, coldStartMs: Positive, requestsAtOnce: Positive }),
    ),
    persist: v.partial(v.strictObject({ perSecond: Positive, latencyMs: Positive, coldStartMs: Positive })),
    dispatcher: v.partial(v.strictObject({ perSecond: Positive, coldStartMs: Positive })),
    platformStartMs: Positive,
    drainMs: Positive,
  }),
)

export function readMeasured(file: string): Measured {
  return withMeasured(JSON.parse(readFileSync(file, 'utf8')))
}

/** Throws for a member that nothing here reads: it would be ignored, and its number believed. */
export function withMeasured(input: unknown): Measured {
  const some = v.parse(Some, input) as Partial<Measured>
  return {
    ...measured,
    ...some,
    ingest: { ...measured.ingest, ...some.ingest },
    persist: { ...measured.persist, ...some.persist },
    dispatcher: { ...measured.dispatcher, ...some.dispatcher },
  }
}

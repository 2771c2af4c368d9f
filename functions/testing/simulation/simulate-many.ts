import { Worker } from 'node:worker_threads'
import type { Safeguard } from './simulated-processes.ts'

export type Seeds = { first: number; count: number; without?: Safeguard | undefined }
/** The seeds that one thread runs. */
export type Share = Seeds & { every: number }
export type Broken = { seed: number; violations: readonly string[] }

/**
 * Runs many seeds on several threads, each of which has its own clock; resolves with the seeds that broke a promise.
 */
export async function simulateMany(
  { first, count, without }: Seeds,
  threads: number,
  onBroken: (broken: Broken) => void = () => {},
): Promise<readonly Broken[]> {
  const all: Broken[] = []
  const ends = Array.from({ length: threads }, (_, index) => {
    const share: Share = { first: first + index, count: count - index, without, every: threads }
    const worker = new Worker(new URL('./simulate-share.ts', import.meta.url), { workerData: share })
    worker.on('message', (broken: Broken) => {
      all.push(broken)
      onBroken(broken)
    })
    return new Promise<void>((resolve, reject) => {
      worker.on('error', reject)
      worker.on('exit', () => resolve())
    })
  })
  await Promise.all(ends)
  return all.toSorted((one, other) => one.seed - other.seed)
}

import { parentPort, workerData } from 'node:worker_threads'
import { simulate } from './simulate.ts'
import type { Share } from './simulate-many.ts'

/** A thread of simulateMany. */
const { first, count, every, without } = workerData as Share
for (let seed = first; seed < first + count; seed += every) {
  const { violations } = await simulate(seed, { ...(without && { without }) })
  if (violations.length > 0) parentPort?.postMessage({ seed, violations })
}

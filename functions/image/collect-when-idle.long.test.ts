import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { aFolder, startCommand, written } from '@activity-log/shared/testing/processes.ts'
import { expect, test } from 'vitest'
import { argumentsOf } from './dockerfile.ts'

const folder = aFolder()

test.each([
  ['ingest', 8],
  ['persist', 8],
  ['query', 2],
] as const)('%s runs with a young generation of %i MiB', (name, mebibytes) => {
  const start = join(import.meta.dirname, 'start.cjs')
  expect(argumentsOf(name)).toEqual([`--max-semi-space-size=${mebibytes}`, start])
})

/**
 * A program that is busy and has a large heap, and then is idle and needs none of it. V8 by itself would keep the heap.
 * Its timers run a hundred times as fast as they say.
 */
const burst = join(folder, 'burst.cjs')
writeFileSync(
  burst,
  `while (process.cpuUsage().user < 600_000);
   let kept = Array.from({ length: 1_000_000 }, (_, number) => ({ number }))
   console.log('peak', process.memoryUsage().heapTotal >> 20)
   setTimeout(() => { kept = undefined }, Number(process.argv[2]))
   setInterval(() => process.memoryUsage().heapTotal >> 20 < 20 && console.log('small again'), 10_000)`,
)
const hurry = join(folder, 'hurry.cjs')
writeFileSync(
  hurry,
  `for (const name of ['setTimeout', 'setInterval']) {
     const original = globalThis[name]
     globalThis[name] = (callback, ms) => original(callback, ms / 100)
   }`,
)

test.each(['3000', '60000'])('an idle program returns the memory of a burst that ended after %s ms', async (ms) => {
  const args = ['--no-memory-reducer', '--require', hurry, ...argumentsOf('query'), burst, ms]
  await using program = startCommand(process.execPath, args)
  expect(Number(await written(program, /peak (\d+)/))).toBeGreaterThan(30)
  expect(await written(program, /small again/)).toBe('small again')
})

import { hash } from 'node:crypto'
import { writeSync } from 'node:fs'
import { type CrashPoint, crashPoints, type IsDue } from './crash-point-list.ts'

/**
 * Use: `node --import ./functions/testing/faults/crash-points.ts` with CRASH_AT=NAME, NAME#17 (the 17th time that the
 * process reaches the point) or NAME#1-100@SEED (one of the first hundred times, drawn by the seed). There the process
 * ends by SIGKILL. The program does not know about it: its calls to Kafka, MongoDB, SQLite and HTTP are wrapped before
 * it starts.
 */
export type CrashAt = { point: CrashPoint; count: number }

/** Throws an error that lists all names when the name is unknown. */
export function readCrashAt(text: string): CrashAt {
  const [, name, first, last, seed] = /^([a-z:-]+)(?:#([1-9]\d*)(?:-([1-9]\d*)@(\w+))?)?$/.exec(text) ?? []
  const point = crashPoints.find((known) => known.name === name)?.name
  if (!point) {
    const names = crashPoints.map((known) => `  ${known.name}  (${known.in}) ${known.at}`)
    throw new Error(
      `CRASH_AT=${text} is invalid. Use NAME, NAME#17 or NAME#1-100@SEED with one of these names:\n${names.join('\n')}`,
    )
  }
  const from = Number(first ?? 1)
  if (last === undefined) return { point, count: from }
  const drawn = hash('sha256', `${seed}/${point}`, 'buffer').readUInt32BE()
  return { point, count: from + (drawn % Math.max(1, Number(last) - from + 1)) }
}

function counting({ point, count }: CrashAt): IsDue {
  let passed = 0
  return (name) => name === point && ++passed === count
}

const crashAt = process.env['CRASH_AT']
if (crashAt) {
  const at = readCrashAt(crashAt)
  const { openSeam } = await import('./crash-seams.ts')
  await openSeam(at.point, counting(at), () => {
    writeSync(2, `crashed at ${at.point}#${at.count}\n`)
    process.kill(process.pid, 'SIGKILL')
    // none of our code runs on while the signal is on its way
    for (;;);
  })
}

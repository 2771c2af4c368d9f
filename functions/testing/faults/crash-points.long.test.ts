import { anActivity, post } from '@activity-log/shared/testing/builders.ts'
import { aFolder, startLog, startProgram } from '@activity-log/shared/testing/processes.ts'
import { expect, test } from 'vitest'
import { crashPoints } from './crash-point-list.ts'
import { readCrashAt } from './crash-points.ts'
import { withFaults } from './preload.ts'

test('names the first time, a later one, or one that a seed draws', () => {
  expect(readCrashAt('persist:after-insert')).toEqual({ point: 'persist:after-insert', count: 1 })
  expect(readCrashAt('persist:after-insert#17')).toEqual({ point: 'persist:after-insert', count: 17 })
  const drawn = Array.from({ length: 500 }, (_, seed) => readCrashAt(`queue:mid-publish#3-7@${seed}`).count)
  expect(new Set(drawn)).toEqual(new Set([3, 4, 5, 6, 7]))
  expect(readCrashAt('queue:mid-publish#3-7@9')).toEqual(readCrashAt('queue:mid-publish#3-7@9'))
})

test.each([
  'persist:after-lunch',
  'persist:after-insert#0',
  'persist:after-insert#x',
  '',
])('rejects an unknown point and lists all points: %s', (text) => {
  for (const { name } of crashPoints) expect(() => readCrashAt(text)).toThrow(name)
})

test('keeps a program from starting with an unknown point', async () => {
  await using program = startProgram('functions/query/main.ts', withFaults({ crashAt: 'query:somewhere' }))
  expect(await program.ended).toBe(1)
  expect(program.output()).toContain('ingest:before-publish')
})

/** The second post under the same id is a conflict, which is dead-lettered. */
const conflicting = [anActivity({ action: 'first' }), anActivity({ action: 'second' })]

test.each(
  crashPoints.filter((point) => point.in === 'log' || point.in === 'any'),
)('the log in one process dies at $name', { timeout: 60_000 }, async ({ name }) => {
  await using log = await startLog(aFolder(), withFaults({ crashAt: name }))
  for (const activity of conflicting) await fetch(`${log.origin}/logs`, post(activity)).catch(() => {})
  expect(await log.ended).toBe('SIGKILL')
  expect(log.output()).toContain(`crashed at ${name}#1\n`)
})

test('kills the process the third time that it reaches the point', async () => {
  await using log = await startLog(aFolder(), withFaults({ crashAt: 'http:after-answer#3' }))
  const send = (id: string) => fetch(`${log.origin}/logs`, post(anActivity({ id })))
  expect([(await send('1')).status, (await send('2')).status, (await send('3')).status]).toEqual([202, 202, 202])
  expect(await log.ended).toBe('SIGKILL')
})

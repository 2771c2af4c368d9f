import { spawnSync } from 'node:child_process'
import { copyFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { aFolder, startCommand, written } from '@activity-log/shared/testing/processes.ts'
import { flagsOf, starter, warmingFlags } from '@activity-log/testing/image.ts'
import { beforeAll, describe, expect, test } from 'vitest'
import { bundle } from '../bundle.ts'
import { openFirstRequests, type Warmed } from './warm.ts'

const functions: readonly Warmed[] = ['ingest', 'persist', 'query']
const folder = aFolder()
const start = join(folder, 'start.cjs')
beforeAll(async () => {
  for (const name of [...functions, 'warm'] as const) await bundle(name, folder)
  copyFileSync(starter, start)
  const { status, stderr } = spawnSync(process.execPath, [...warmingFlags, start, join(folder, 'warm.cjs'), folder])
  expect([status, String(stderr)]).toEqual([0, ''])
})

/** Writes in the end whether Node's own Request and Response were loaded. */
const witness = join(folder, 'witness.cjs')
writeFileSync(
  witness,
  "process.on('exit', () => console.log('fetch loaded:', process.moduleLoadList.some((name) => /undici/.test(name))))",
)

/** What a function writes that answers its first request and is ended then, run as the images run it. */
async function firstRun(name: Warmed, flags = flagsOf(name), further: NodeJS.ProcessEnv = {}): Promise<string> {
  await using first = await openFirstRequests()
  const { env, path, init, status } = first[name]
  const args = [...flags, '--require', witness, start, join(folder, `${name}.cjs`)]
  await using program = startCommand(process.execPath, args, { ...env, ...further, PORT: '0' })
  const origin = `http://localhost:${await written(program, /"port":(\d+)/)}`
  expect((await fetch(`${origin}/healthz`)).status).toBe(200)
  expect((await fetch(origin + path, init)).status).toBe(status)
  program.child.kill('SIGTERM')
  expect(await program.ended).toBe(0)
  return program.output()
}
const refused = 'V8 did not take'

describe.each(functions)('%s', (name) => {
  test('starts with the code that was made of it, and without half of Node', async () => {
    const output = await firstRun(name)
    expect(output).not.toContain(refused)
    expect(output).toContain('fetch loaded: false')
  })

  test('starts with code that is not for its Node, and without any', async () => {
    expect(await firstRun(name, ['--no-opt'])).toContain(refused)
    rmSync(join(folder, `${name}.code`))
    expect(await firstRun(name)).not.toContain(refused)
  })
})

test('a bundle has what signing in to Kafka takes', async () => {
  const credentials = { KAFKA_SASL_MECHANISM: 'PLAIN', KAFKA_USERNAME: 'user', KAFKA_PASSWORD: 'secret' }
  expect(await firstRun('ingest', undefined, credentials)).toContain('Kafka is reached')
})

test('the images have flags, and warm their functions with some that make the same code', () => {
  expect(warmingFlags.length).toBeGreaterThan(0)
  expect(functions.map(flagsOf)).toEqual([['--max-semi-space-size=8'], ['--max-semi-space-size=4'], warmingFlags])
})

/**
 * Its seconds are centiseconds. It has much to do and a large heap, then nothing to do and no use for it; V8 by itself leaves it
 * at that.
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

test.each(['3000', '60000'])('what a burst left behind goes when there is nothing to do: after %s ms', async (ms) => {
  const args = [...warmingFlags, '--no-memory-reducer', '--require', hurry, start, burst, ms]
  await using program = startCommand(process.execPath, args)
  expect(Number(await written(program, /peak (\d+)/))).toBeGreaterThan(30)
  expect(await written(program, /small again/)).toBe('small again')
})

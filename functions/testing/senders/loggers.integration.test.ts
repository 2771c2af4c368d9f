import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { aFolder } from '@activity-log/shared/testing/processes.ts'
import { beforeAll, expect, test } from 'vitest'
import { allOnce, type Sender, throughAnOutage } from './an-outage.ts'
import { recipeText } from './recipe.ts'

const folder = aFolder()
beforeAll(async () => {
  writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}')
  const packages = ['winston@3.19.0', 'pino@10.4.0']
  await promisify(execFile)('npm', ['install', '--no-audit', '--no-fund', ...packages], { cwd: folder })
}, 300_000)

/** Logs each line of stdin, and writes that it has. */
const program = (name: string, log: string) => `
import { createInterface } from 'node:readline'
import { finished } from 'node:stream/promises'
import { logger, stream } from './${name}.js'
for await (const action of createInterface({ input: process.stdin })) {
  ${log}
  console.log(action)
}
stream.end()
await finished(stream)
`

const loggers = {
  winston: "logger.info(action, { userId: 'winston', 'a.b': 1 })",
  pino: "logger.info({ userId: 'pino', 'a.b': 1 }, action)",
}

test.each(Object.entries(loggers))(
  '%s: 100 records arrive once, through an outage',
  { timeout: 120_000 },
  async (name, log) => {
    const arrived = await throughAnOutage(name, async (port) => {
      for (const part of ['send-to.js', name]) {
        writeFileSync(join(folder, part.endsWith('.js') ? part : `${part}.js`), recipeText(part, port))
      }
      writeFileSync(join(folder, `app-${name}.js`), program(name, log))
      return startSender(join(folder, `app-${name}.js`))
    })
    expect(arrived.toSorted()).toEqual(allOnce)
  },
)

async function startSender(file: string): Promise<Sender> {
  const child = spawn(process.execPath, [file], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(child, 'close')
  return {
    async write(action) {
      child.stdin.write(`${action}\n`)
      // the record is in the hands of the logger
      await once(child.stdout, 'data')
    },
    async end() {
      child.stdin.end()
      expect(await ended).toEqual([0, null])
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

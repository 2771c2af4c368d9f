import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sinkRequest } from '@activity-log/shared/dispatch/sink-request.ts'
import { anActivity, aRecord, post } from '@activity-log/shared/testing/builders.ts'
import { aDatabase } from '@activity-log/shared/testing/mongodb.ts'
import { aFolder, startCommand, written } from '@activity-log/shared/testing/processes.ts'
import { aTopic, kafkaBrokers, mongodbUri } from '@activity-log/shared/testing/servers.ts'
import { expect, test } from 'vitest'
import { bundle } from './bundle.ts'
import { argumentsOf, type ImageName } from './dockerfile.ts'

const folder = aFolder()

/** Prints at exit whether Node's own Request and Response were loaded. */
const witness = join(folder, 'witness.cjs')
writeFileSync(
  witness,
  "process.on('exit', () => console.log('fetch loaded:', process.moduleLoadList.some((name) => /undici/.test(name))))",
)

/** The first request to each function, and the status that acknowledges it. */
function firstRequest(name: ImageName): { path: string; init: RequestInit; status: number } {
  if (name === 'query') return { path: '/logs', init: {}, status: 200 }
  if (name === 'ingest') return { path: '/logs', init: post(anActivity()), status: 202 }
  const { headers, value } = aRecord()
  const record = { partition: 0, offset: 0, headers, value: Buffer.from(value) }
  const source = { namespace: 'default', name: 'records', topic: 'activities' }
  return { path: '/', init: { method: 'POST', ...sinkRequest(record, source) }, status: 204 }
}

test.each([
  'ingest',
  'persist',
  'query',
] as const)('%s answers a first request without loading fetch, and stops on SIGTERM', async (name) => {
  await using topic = await aTopic(1)
  await using database = aDatabase()
  const { file } = await bundle(name, folder)
  const env = {
    KAFKA_BROKERS: kafkaBrokers.join(','),
    KAFKA_TOPIC: topic.name,
    MONGODB_URI: mongodbUri,
    MONGODB_DATABASE: database.name,
    PORT: '0',
  }
  const args = ['--require', witness, ...argumentsOf(name), file]
  await using program = startCommand(process.execPath, args, env)
  const origin = `http://localhost:${await written(program, /"port":(\d+)/)}`
  expect((await fetch(`${origin}/healthz`)).status).toBe(200)
  const { path, init, status } = firstRequest(name)
  expect((await fetch(origin + path, init)).status).toBe(status)
  program.child.kill('SIGTERM')
  expect(await program.ended).toBe(0)
  expect(program.output()).toContain('fetch loaded: false')
})

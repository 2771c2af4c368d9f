import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { activityRecorded, defaultTenant, toRecord } from '@activity-log/shared/activity-recorded.ts'
import { kafkaDefaults } from '@activity-log/shared/broker/kafka-config.ts'
import { sinkRequest } from '@activity-log/shared/dispatch/sink-request.ts'
import { toDocument } from '@activity-log/shared/document.ts'
import { toStored } from '@activity-log/shared/store/mongo-documents.ts'
import { openKafkaStub } from './kafka-stub.ts'
import { openMongoStub } from './mongodb-stub.ts'

export type Warmed = 'ingest' | 'persist' | 'query'
type Asked = { env: NodeJS.ProcessEnv; path: string; init: RequestInit; status: number }

const receivedAt = new Date()
const sent = { userId: 'user_1', action: 'click', timestamp: receivedAt.toISOString(), metadata: { page: '/', n: 1 } }
const recorded = activityRecorded(sent, { tenant: defaultTenant, receivedAt, newId: () => 'warm' })
const position = { partition: 0, offset: 1 }

/** What is asked for first, and what it needs for an answer. */
export async function openFirstRequests(): Promise<AsyncDisposable & { [name in Warmed]: Asked }> {
  const stack = new AsyncDisposableStack()
  const kafka = stack.use(await openKafkaStub(kafkaDefaults.topic))
  const mongodb = stack.use(await openMongoStub([toStored(toDocument(recorded, position))]))
  const mongodbEnv = { MONGODB_URI: `mongodb://${mongodb.address}/?replicaSet=rs0` }
  const { headers, value } = toRecord(recorded)
  const record = { ...position, headers, value: Buffer.from(value) }
  const source = { namespace: 'default', name: 'records', topic: kafkaDefaults.topic }
  const json = { 'content-type': 'application/json' }
  return Object.assign(stack, {
    ingest: {
      env: { KAFKA_BROKERS: kafka.address },
      path: '/logs',
      init: { method: 'POST', headers: json, body: JSON.stringify(sent) },
      status: 202,
    },
    persist: { env: mongodbEnv, path: '/', init: { method: 'POST', ...sinkRequest(record, source) }, status: 204 },
    query: { env: mongodbEnv, path: '/logs', init: {}, status: 200 },
  } as const)
}

/**
 * Runs each function of a folder, where its bundle is beside start.cjs, until it has answered a request, and writes the code
 * that V8 made meanwhile beside it: for the Node and the flags that this process has. V8 takes no code of others.
 */
export async function warm(folder: string): Promise<void> {
  await using first = await openFirstRequests()
  for (const name of ['ingest', 'persist', 'query'] as const) {
    const file = join(folder, `${name}.cjs`)
    const env = { ...process.env, ...first[name].env, PORT: '0', WRITE_CODE_TO: file.replace(/cjs$/, 'code') }
    const server = spawn(process.execPath, [...process.execArgv, join(folder, 'start.cjs'), file], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(server, 'exit')
    for await (const line of createInterface(server.stdout)) {
      const { port } = JSON.parse(line)
      if (port === undefined) continue
      const { path, init, status } = first[name]
      for (const asked of ['/healthz', path]) {
        const response = await fetch(`http://127.0.0.1:${port}${asked}`, asked === path ? init : {})
        const body = await response.text()
        if (asked === path && response.status !== status) throw new Error(`${name}: ${response.status} ${body}`)
      }
      server.kill('SIGTERM')
    }
    const [code] = await ended
    if (code !== 0) throw new Error(`${name} ended with ${code}`)
  }
}

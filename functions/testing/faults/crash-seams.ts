import http, { type ClientRequest, type IncomingMessage, ServerResponse } from 'node:http'
import { basename } from 'node:path'
import { DatabaseSync, StatementSync } from 'node:sqlite'
import { collections } from '@activity-log/shared/store/mongo-documents.ts'
import type { ProducerRecord } from 'kafkajs'
import type { Collection } from 'mongodb'
import type { CrashPoint, IsDue } from './crash-point-list.ts'

type Seam = (pass: (point: CrashPoint) => void, isDue: IsDue, crash: () => never) => void | Promise<void>

/** Wraps only the calls around the named point, so that the program loads no library that it does not use. */
export async function openSeam(point: CrashPoint, isDue: IsDue, crash: () => never): Promise<void> {
  const pass = (name: CrashPoint) => {
    if (isDue(name)) crash()
  }
  const [family] = point.split(':') as [keyof typeof seams]
  await seams[family](pass, isDue, crash)
}

type Method = (this: unknown, ...args: unknown[]) => unknown
type Around = (original: () => unknown, args: readonly unknown[], self: object) => unknown

/** Throws when a library no longer has the method. */
function wrap(target: object, name: string, around: Around) {
  const methods = target as { [name: string]: Method | undefined }
  const original = methods[name]
  if (typeof original !== 'function') throw new Error(`There is no method ${name} to wrap`)
  methods[name] = function (this: unknown, ...args) {
    return around(() => original.apply(this, args), args, this as object)
  }
}

async function wrapClientsOfKafka(kind: 'producer' | 'consumer', method: string, around: Around) {
  const { Kafka } = await import('kafkajs')
  wrap(Kafka.prototype, kind, (make) => {
    const client = make() as object
    wrap(client, method, around)
    return client
  })
}

/** Only a batch of ingest names a partition: a dead letter does not, nor does a request for the leaders. */
const isBatchOfIngest = ({ messages: [first] }: ProducerRecord) => (first?.partition ?? -1) >= 0

const ingest: Seam = (pass) =>
  wrapClientsOfKafka('producer', 'send', async (send, [record]) => {
    if (!isBatchOfIngest(record as ProducerRecord)) return send()
    pass('ingest:before-publish')
    const acknowledged = await send()
    pass('ingest:after-publish')
    return acknowledged
  })

const dispatcher: Seam = async (pass) => {
  await wrapClientsOfKafka('producer', 'send', async (send) => {
    pass('dispatcher:before-dead-letter')
    const acknowledged = await send()
    pass('dispatcher:after-dead-letter')
    return acknowledged
  })
  await wrapClientsOfKafka('consumer', 'commitOffsets', async (commit) => {
    pass('dispatcher:before-commit')
    await commit()
    pass('dispatcher:after-commit')
  })
  wrap(http, 'request', (request) => {
    pass('dispatcher:before-post')
    const sending = request() as ClientRequest
    sending.once('finish', () => pass('dispatcher:mid-post'))
    sending.once('response', (response: IncomingMessage) => {
      response.once('end', () => pass('dispatcher:after-answer'))
    })
    return sending
  })
}

/** The library's other writes call one of these. */
const writesOfMongodb = ['bulkWrite', 'insertOne', 'updateOne', 'updateMany', 'replaceOne', 'findOneAndUpdate']
const whatIsWritten: { [collection: string]: 'insert' | 'dead-letter' | 'outcome' } = {
  [collections.activities]: 'insert',
  [collections.deadLetters]: 'dead-letter',
  [collections.outcomes]: 'outcome',
}

const persist: Seam = async (pass) => {
  const { Collection: imported } = await import('mongodb')
  for (const name of writesOfMongodb) {
    wrap(imported.prototype, name, async (write, _args, self) => {
      const what = whatIsWritten[(self as Collection).collectionName]
      if (!what) return write()
      pass(`persist:before-${what}`)
      const result = await write()
      pass(`persist:after-${what}`)
      return result
    })
  }
}

const answers: Seam = (pass, isDue, crash) =>
  wrap(ServerResponse.prototype, 'end', (end, [body], self) => {
    const response = self as ServerResponse
    if (response.req?.method !== 'POST') return end()
    pass('http:before-answer')
    if (isDue('http:mid-answer')) return sendHalf(response, body, crash)
    response.once('finish', () => pass('http:after-answer'))
    return end()
  })

/** Sends half of the body, or half of the status line when there is no body. */
function sendHalf(response: ServerResponse, body: unknown, sent: () => void) {
  if (typeof body === 'string' || body instanceof Uint8Array) {
    const bytes = Buffer.from(body as string)
    response.write(bytes.subarray(0, bytes.length >> 1), sent)
  } else response.socket?.write(`HTTP/1.1 ${response.statusCode}`, sent)
  return response
}

/** The first row that a transaction writes identifies it. */
const steps = [
  { file: 'queue.db', sql: /^INSERT INTO records/, name: 'queue', step: 'publish' },
  { file: 'queue.db', sql: /^DELETE FROM records/, name: 'queue', step: 'settle' },
  { file: 'store.db', sql: /^INSERT INTO activities/, name: 'store', step: 'save' },
  { file: 'store.db', sql: /^INSERT INTO deadLetters/, name: 'store', step: 'dead-letter' },
] as const

const sqlite: Seam = (pass) => {
  type Step = { name: string; step: string }
  const prepared = new WeakMap<object, Step & { db: object }>()
  const underWay = new WeakMap<object, Step>()
  const named = (name: string) => pass(name as CrashPoint)

  wrap(DatabaseSync.prototype, 'prepare', (prepare, [sql], self) => {
    const statement = prepare() as object
    const file = basename((self as DatabaseSync).location() ?? '')
    const found = steps.find((one) => one.file === file && one.sql.test(String(sql)))
    if (found) prepared.set(statement, { ...found, db: self })
    return statement
  })
  const written = (statement: object) => {
    const step = prepared.get(statement)
    if (!step || underWay.has(step.db)) return
    underWay.set(step.db, step)
    named(`${step.name}:mid-${step.step}`)
  }
  // a statement with RETURNING is a read as well
  for (const method of ['run', 'get'] as const) {
    wrap(StatementSync.prototype, method, (call, _args, self) => {
      const result = call()
      written(self as object)
      return result
    })
  }
  wrap(DatabaseSync.prototype, 'exec', (exec, [sql], self) => {
    const step = underWay.get(self)
    if (/^(BEGIN|COMMIT|ROLLBACK)/.test(String(sql))) underWay.delete(self)
    if (sql !== 'COMMIT' || !step) return exec()
    named(`${step.name}:before-${step.step}-commit`)
    const result = exec()
    named(`${step.name}:after-${step.step}-commit`)
    return result
  })
}

const seams = { ingest, dispatcher, persist, http: answers, queue: sqlite, store: sqlite }

import { createApp as createIngest } from '@activity-log/ingest/app.ts'
import { originRoutes } from '@activity-log/local/origin.ts'
import { createApp as createPersist } from '@activity-log/persist/app.ts'
import { createApp as createQuery } from '@activity-log/query/app.ts'
import { createService } from '@activity-log/shared/http/service.ts'
import type { ActivityStore } from '@activity-log/shared/store/store.ts'
import { anActivity, answerOf, post, receivedAt, recorded, silent } from '@activity-log/shared/testing/builders.ts'
import { openMemoryStore } from '@activity-log/shared/testing/sqlite-test-store.ts'

export type Call = (method: string, path: string, init?: Omit<RequestInit, 'method'>) => Promise<Response>

/** The three functions behind one origin, over a store and a broker that a test may change. */
export function aLog(changes: Partial<ActivityStore> = {}, publish = positions(), store = openMemoryStore()) {
  const changed = { ...store, ...changes }
  const now = () => receivedAt
  let made = 0
  const apps = {
    ingest: createIngest({ broker: { publish }, log: silent, now, newId: () => `made-${made++}` }),
    persist: createPersist({ store: changed, log: silent, now }),
    query: createQuery({ store: changed, log: silent, now }),
  }
  const { ingest, persist, query } = apps
  const tables = { ingest: ingest.routes, persist: persist.routes, query: query.routes }
  const origin = createService({ log: silent, routes: originRoutes(tables) })
  const call: Call = (method, path, init = {}) => origin.request(path, { method, ...init })
  return { store, apps, call }
}

function positions() {
  let offset = 0
  return async (records: readonly unknown[]) => records.map(() => ({ partition: 0, offset: offset++ }))
}

/** A log with some activities, two dead letters, and the receipt of a stored record. */
export async function aFilledLog(empty = openMemoryStore()) {
  const { store, apps, call } = aLog({}, positions(), empty)
  const { receipt } = await answerOf(await call('POST', '/logs', { ...post(anActivity({ id: 'id-0' })) }))
  const posted = [0, 1, 2].map((n) =>
    recorded({ id: `id-${n}`, ...(n === 2 && { action: 'login' }), metadata: { n } }, n),
  )
  await store.save(posted)
  const deadLetter = { topic: 'activities', headers: {}, tenant: 'default', at: new Date(), errors: [] }
  const body = Buffer.from('{')
  await store.deadLetter([
    { ...deadLetter, reason: 'rejected', position: { partition: 0, offset: 3 }, body, activityId: 'id-9' },
    { ...deadLetter, reason: 'undelivered', position: { partition: 0, offset: 4 }, body: Buffer.from([0xff]) },
  ])
  const letters = (await store.findDeadLetters({ filter: { tenant: 'default' }, order: 'asc', limit: 9 })).map(
    ({ deadLetter }) => deadLetter,
  )
  const idOf = (reason: string) => letters.find((each) => each.reason === reason)?.id ?? ''
  return { apps, call, receipt, letter: idOf('rejected'), other: idOf('undelivered') }
}

/** Fills in the names in a path of the contract. */
export const filled = (path: string, letter: string) =>
  path
    .replace('/logs/{id}', '/logs/id-1')
    .replace('{receipt}', 'AQAAAAAAAAAAAAAAAaIQMHYH')
    .replace('{id}', letter)
    .replace('{file}', 'x')

import { join } from 'node:path'
import { createApp as createIngest } from '@activity-log/ingest/app.ts'
import { originRoutes } from '@activity-log/local/origin.ts'
import { createApp as createPersist, maxRecordBytes } from '@activity-log/persist/app.ts'
import { createApp as createQuery } from '@activity-log/query/app.ts'
import { openEmbeddedBroker } from '@activity-log/shared/broker/embedded-broker.ts'
import { deliveryPolicy, type Send } from '@activity-log/shared/dispatch/delivery.ts'
import { startDispatcher } from '@activity-log/shared/dispatch/embedded-dispatcher.ts'
import type { Front } from '@activity-log/shared/http/front.ts'
import type { ListenOptions } from '@activity-log/shared/http/serve.ts'
import { createService } from '@activity-log/shared/http/service.ts'
import { openSqliteStore } from '@activity-log/shared/store/sqlite.ts'
import type { ActivityStore } from '@activity-log/shared/store/store.ts'
import { silent } from '@activity-log/shared/testing/builders.ts'
import type { Target } from './frozen-request.ts'

export type ServedApp = {
  fetch(request: Request): Response | Promise<Response>
  front: Front
  maxHeaderBytes?: NonNullable<ListenOptions['maxHeaderBytes']>
}
export type Apps = { readonly [target in Target]: ServedApp }

export type System = AsyncDisposable & {
  apps: Apps
  store: ActivityStore
  /** Advances the clock by more than any cache of the log lasts. Time does not pass otherwise. */
  tick(): void
  /** Resolves when every published record is stored, or kept as a dead letter. */
  settled(): Promise<void>
}

const start = Date.UTC(2026, 0, 1)
const tickMs = 2000

/**
 * The whole log as npm start assembles it, except for its clock and its ids, so that its answers depend on the requests
 * alone.
 */
export function openSystem(folder: string): System {
  const opened = new AsyncDisposableStack()
  let ticks = 0
  let ids = 0
  const now = () => new Date(start + ticks * tickMs)
  const store = opened.use(openSqliteStore({ path: join(folder, 'store.db') }))
  const broker = opened.use(openEmbeddedBroker({ path: join(folder, 'queue.db') }))
  const log = silent
  const ingest = createIngest({ broker, log, now, newId: () => `made-${++ids}` })
  const persist = createPersist({ store, log, now })
  const query = createQuery({ store, log, now })
  const common = { policy: deliveryPolicy, log, settleEveryMs: 0 }
  const inTurn = turns()
  const sendTo = (path: string) => ({ sinkUrl: `http://persist${path}`, send: inTurn(sending(persist.fetch, path)) })
  opened.use(startDispatcher({ queue: broker, deadLetter: broker.deadLetter, ...sendTo('/'), ...common }))
  opened.use(startDispatcher({ queue: broker.deadLetters, ...sendTo('/undelivered'), ...common }))
  const tables = { ingest: ingest.routes, persist: persist.routes, query: query.routes }
  const origin = servedBy(createService({ log, routes: originRoutes(tables) }))
  return Object.assign(opened, {
    apps: {
      ingest: servedBy(ingest),
      persist: { ...servedBy(persist), maxHeaderBytes: maxRecordBytes },
      query: servedBy(query),
      origin,
      hasty: origin,
    },
    store,
    tick() {
      ticks++
    },
    async settled() {
      while (broker.read(0, 1).length > 0 || broker.deadLetters.read(0, 1).length > 0) await nextTurn()
    },
  })
}

/** Passes both arguments on: a server calls fetch with bindings of its own. */
const servedBy = ({ fetch, front }: ServedApp): ServedApp => ({ fetch, front })
const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

function sending(fetch: (request: Request) => Response | Promise<Response>, path: string): Send {
  return async ({ headers, body }) => {
    const sent = { ...headers, 'content-length': String(body.byteLength) }
    const response = await fetch(
      new Request(`http://persist${path}`, { method: 'POST', headers: sent, body: body as Uint8Array<ArrayBuffer> }),
    )
    return { status: response.status, body: new Uint8Array(await response.arrayBuffer()) }
  }
}

/** Delivers one record at a time, because the order of two records decides the outcome of both. */
function turns(): (send: Send) => Send {
  let before: Promise<unknown> = Promise.resolve()
  return (send) => (request, signal) => {
    const sent = before.then(() => send(request, signal))
    before = sent.catch(() => {})
    return sent
  }
}

import { join } from 'node:path'
import { createApp as createIngest } from '@activity-log/ingest/app.ts'
import { newId } from '@activity-log/ingest/new-id.ts'
import { createApp as createPersist } from '@activity-log/persist/app.ts'
import { createApp as createQuery } from '@activity-log/query/app.ts'
import { type Access, accessOptions } from '@activity-log/shared/access/access.ts'
import { createActs, recordFirstSeen } from '@activity-log/shared/access/acts.ts'
import { openEmbeddedBroker } from '@activity-log/shared/broker/embedded-broker.ts'
import { type DeliveryPolicy, deliveryPolicy, type Send } from '@activity-log/shared/dispatch/delivery.ts'
import { startDispatcher } from '@activity-log/shared/dispatch/embedded-dispatcher.ts'
import { checkedClock } from '@activity-log/shared/http/clock.ts'
import { createService, type Service } from '@activity-log/shared/http/service.ts'
import type { Log } from '@activity-log/shared/log.ts'
import type { OwnActivity } from '@activity-log/shared/own-activity.ts'
import { isOfSqlite } from '@activity-log/shared/sqlite/file.ts'
import { openSqliteStore, type SqliteStoreOptions } from '@activity-log/shared/store/sqlite.ts'
import { createReader } from '@activity-log/shared/store/sqlite-reader.ts'
import { type UpgradeProgress, upgradeSqliteStore } from '@activity-log/shared/store/sqlite-upgrade.ts'
import { openDataFolder } from './data-folder.ts'
import { toDataError } from './folder-file.ts'
import { originRoutes } from './origin.ts'

export type EmbeddedOptions = {
  folder: string
  log: Log
  policy?: DeliveryPolicy
  now?: () => Date
  stopping?: AbortSignal
  basePath?: string
  /** Without it, everybody may do everything. */
  access?: Access | undefined
}

/** The reading thread starts this long after the process, so that it delays neither the start nor the first answers. */
const warmUpMs = 200

/** Opens the three functions over SQLite behind one origin. The apps are the usual ones; only the adapters differ. */
export async function openEmbedded({
  folder,
  log,
  policy = deliveryPolicy,
  now = () => new Date(),
  stopping,
  basePath = '',
  access,
}: EmbeddedOptions) {
  const opened = new AsyncDisposableStack()
  try {
    const files = opened.use(openDataFolder(folder))
    const onProgress = (progress: UpgradeProgress) =>
      log.info(progress, 'upgrading the activities of an earlier version')
    await upgradeSqliteStore({ path: files.store, onProgress })
    const createReads: SqliteStoreOptions['createReads'] = (_db, path) => createReader({ path, warmUpMs })
    const store = opened.use(openSqliteStore({ path: files.store, createReads }))
    const ledger = await store.ledger().catch(({ cause }) => {
      throw toDataError(cause, files.store)
    })
    files.compare(ledger, log)
    const broker = opened.use(openEmbeddedBroker({ path: files.queue }))
    const ingest = createIngest({ broker, log, now: checkedClock(now), newId, access })
    const { publishOwn: publish } = ingest
    const acts = access && createActs({ publish, now: checkedClock(now) })
    const isKnown = async ({ tenant, activity }: OwnActivity) => (await store.get(tenant, activity.id)) !== undefined
    if (access) recordFirstSeen(access, { publish, isKnown })
    const persist = createPersist({ store, log, now: checkedClock(now), access, ...(acts && { acts }) })
    const dispatch = { policy, log }
    const { waiting } = opened.use(
      startDispatcher({ queue: broker, deadLetter: broker.deadLetter, ...sendTo(persist, '/'), ...dispatch }),
    )
    opened.use(startDispatcher({ queue: broker.deadLetters, ...sendTo(persist, '/undelivered'), ...dispatch }))
    const query = createQuery({
      store,
      log,
      now,
      waiting,
      access,
      ...(acts && { acts }),
      ...(stopping && { stopping }),
    })
    const tables = { ingest: ingest.routes, persist: persist.routes, query: query.routes }
    const { fetch, front, isPage, kindOf } = createService({
      log,
      routes: originRoutes(tables),
      basePath,
      ...accessOptions(access),
    })
    return Object.assign(opened, { fetch, front, isPage, kindOf, files: [files.queue, files.store] })
  } catch (error) {
    await opened.disposeAsync()
    // each step of the start may write, and the disk may be full
    throw isOfSqlite(error) ? toDataError(error, join(folder, '*.db')) : error
  }
}

/** Hands deliveries to the handler of persist without a socket. */
function sendTo(persist: Service, path: string): { sinkUrl: string; send: Send } {
  return { sinkUrl: `http://persist${path}`, send: (delivery) => persist.call('POST', path, delivery) }
}

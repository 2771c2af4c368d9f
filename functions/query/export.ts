import { defaultTenant } from '@activity-log/shared/activity-recorded.ts'
import type { Filter } from '@activity-log/shared/filter.ts'
import { type App, methodNotAllowed } from '@activity-log/shared/http/app.ts'
import { breakOff } from '@activity-log/shared/http/break-off.ts'
import { gzip, prefersGzip } from '@activity-log/shared/http/gzip.ts'
import { invalidInput } from '@activity-log/shared/http/problem.ts'
import type { Log } from '@activity-log/shared/log.ts'
import { metadataMatcher } from '@activity-log/shared/metadata-match.ts'
import { isFault, reasons } from '@activity-log/shared/reasons.ts'
import type { FindQuery } from '@activity-log/shared/store/activities.ts'
import type { ActivityStore } from '@activity-log/shared/store/store.ts'
import { formatTimestamp } from '@activity-log/shared/timestamp.ts'
import { openTurns } from '@activity-log/shared/turns.ts'
import * as v from 'valibot'
import { type ExportFormat, exportFormats } from './export-format.ts'
import { readFilterRequest } from './filter-request.ts'
import { fromStore } from './from-store.ts'
import type { KnownBooks } from './known-books.ts'
import { OrderName, oneOf } from './parameters.ts'
import { pinned } from './pinned.ts'

export type ExportDependencies = {
  store: Pick<ActivityStore, 'find'>
  known: Pick<KnownBooks, 'fresh'>
  log: Pick<Log, 'warn' | 'error'>
}

/** What only exports take. */
export const exportParameters = {
  format: oneOf(['csv', 'ndjson']),
  order: v.optional(OrderName, 'desc'),
}

/** Pages are about as large as this, and small at first: how large a row is becomes known with them. */
const pageBytes = 256 * 1024
const firstRows = 100
const mostRows = 1000

/** Sends everything that matches of one moment of the log, page by page as the client takes it. */
export function addExport(app: App, { store, known, log }: ExportDependencies): void {
  const nextTurn = openTurns()

  app.get('/export', async (c) => {
    const request = readFilterRequest(c.req.url, defaultTenant, exportParameters)
    if (!request.ok) throw invalidInput(request.errors)
    const { format: name, filter, order } = request.value
    const format = exportFormats[name]
    const isCompressed = prefersGzip(c.req.header('accept-encoding'))
    const headers = {
      'content-type': format.contentType,
      'content-disposition': `attachment; filename="${fileName(filter)}.${name}"`,
      'cache-control': 'private, no-store',
      vary: 'accept-encoding',
      ...(isCompressed && { 'content-encoding': 'gzip' }),
    }
    if (c.req.method === 'HEAD') return c.body(null, 200, headers)
    const gone = c.req.raw.signal
    const parts = partsOf({ filter, order }, format, gone)
    // before the headers: what goes wrong at once is a problem like any other
    const first = await fromStore(() => parts.next())
    const { outgoing } = c.env ?? {}
    const body = unlessItFails(restOf(first, parts), async (error) => {
      if (gone.aborted) return
      const request = { requestId: outgoing?.getHeader('x-request-id'), path: c.req.path }
      if (isFault(error)) log.error({ err: error, ...request }, 'an export broke off')
      else log.warn({ reason: reasons(error), ...request }, 'an export broke off')
      await breakOff(outgoing)
    })
    return c.body(ReadableStream.from(isCompressed ? gzip(body) : body), 200, headers)
  })
  app.all('/export', methodNotAllowed('GET', 'HEAD'))

  /**
   * The bytes of each page. Nothing is asked of the store before somebody wants them. Metadata are looked at here: a search
   * of the store ends when a list would take too long, an export has time.
   */
  async function* partsOf(
    { filter, order }: Pick<FindQuery, 'filter' | 'order'>,
    { head, row }: ExportFormat,
    gone: AbortSignal,
  ) {
    const { metadata = [], ...indexed } = await pinned(filter, known)
    const matches = metadataMatcher(metadata)
    // what does not match may be large, too
    const most = metadata.length > 0 ? firstRows : mostRows
    let text = head
    let limit = firstRows
    for (let after: string | undefined; ; await nextTurn()) {
      // who has gone is noticed here first: what compresses takes several pages before it has a part of its own
      if (gone.aborted) return
      const place = after === undefined ? {} : { after }
      const found = await fromStore(() => store.find({ filter: indexed, order, ...place, limit }))
      for (const { activity } of found) if (matches(activity.metadata ?? null)) text += row(activity)
      const bytes = new TextEncoder().encode(text)
      // the first one also where it is empty: with it the headers go out, and where little matches the next ones take long
      if (bytes.byteLength > 0 || after === undefined) yield bytes
      if (found.length < limit) return
      after = found.at(-1)?.key
      limit = Math.max(1, Math.min(most, Math.floor((limit * pageBytes) / bytes.byteLength)))
      text = ''
    }
  }
}

async function* restOf<Part>({ done, value }: IteratorResult<Part, void>, rest: AsyncIterable<Part>) {
  if (done) return
  yield value
  yield* rest
}

/** Its reader learns of the failure as well, once it is dealt with. */
async function* unlessItFails<Part>(parts: AsyncIterable<Part>, deal: (error: unknown) => Promise<void>) {
  try {
    yield* parts
  } catch (cause) {
    await deal(cause)
    throw new Error('The export broke off', { cause })
  }
}

function fileName({ from, to }: Filter): string {
  const named = (name: string, ms: number | undefined) =>
    ms === undefined ? '' : `-${name}-${formatTimestamp(ms).replaceAll(/[-:]/g, '')}`
  return `activities${named('from', from)}${named('to', to)}`
}

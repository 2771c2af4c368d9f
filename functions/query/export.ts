import { createFairScheduler } from '@activity-log/shared/fair-scheduler.ts'
import type { Filter } from '@activity-log/shared/filter.ts'
import type { Answer } from '@activity-log/shared/http/answer.ts'
import { gzip, prefersGzip } from '@activity-log/shared/http/gzip.ts'
import { invalidInput } from '@activity-log/shared/http/problem.ts'
import type { Routes, ServiceRequest } from '@activity-log/shared/http/route.ts'
import { metadataMatcher } from '@activity-log/shared/metadata-match.ts'
import { isFault, reasons } from '@activity-log/shared/reasons.ts'
import type { FindQuery } from '@activity-log/shared/store/activities.ts'
import type { ForTenant } from '@activity-log/shared/store/tenant-reader.ts'
import { formatTimestamp } from '@activity-log/shared/timestamp.ts'
import * as v from 'valibot'
import { type ExportFormat, exportFormats } from './export-format.ts'
import { readFilterRequest } from './filter-request.ts'
import { fromStore } from './from-store.ts'
import type { KnownLedger } from './known-ledger.ts'
import { OrderName, oneOf } from './parameter-schemas.ts'
import { withSnapshot } from './with-snapshot.ts'

export type ExportDependencies = {
  forTenant: ForTenant
  known: Pick<KnownLedger, 'fresh'>
}

/** What only exports take. */
export const exportParameters = {
  format: oneOf(['csv', 'ndjson']),
  order: v.optional(OrderName, 'desc'),
}

/** Pages are about as large as this, and small at first: how large a row is becomes known with them. */
const pageBytes = 256 * 1024
const firstRows = 100
const maxRows = 1000

/** Sends everything that matches of one snapshot, page by page as the client takes it. */
export function exportRoutes({ forTenant, known }: ExportDependencies): Routes {
  const nextTurn = createFairScheduler()
  return { 'GET /export': { scope: 'read', handle: send, streams: true } }

  async function send({ method, url, header, caller, log, ...request }: ServiceRequest): Promise<Answer> {
    const asked = readFilterRequest(url, caller.tenant, exportParameters)
    if (!asked.ok) throw invalidInput(asked.errors)
    const { format: name, filter, order } = asked.value
    const format = exportFormats[name]
    const isCompressed = prefersGzip(header('accept-encoding'))
    const headers = {
      'content-type': format.contentType,
      'content-disposition': `attachment; filename="${fileName(filter)}.${name}"`,
      'cache-control': 'private, no-store',
      vary: 'accept-encoding',
      ...(isCompressed && { 'content-encoding': 'gzip' }),
    }
    if (method === 'HEAD') return { status: 200, headers }
    const gone = request.gone()
    const parts = partsOf({ filter, order }, format, gone)
    // before the headers: what goes wrong at once is a problem like any other
    const first = await fromStore(() => parts.next())
    const body = reportingFailure(restOf(first, parts), (error) => {
      if (gone.aborted) return
      if (isFault(error)) log.error({ err: error }, 'an export broke off')
      else log.warn({ reason: reasons(error) }, 'an export broke off')
    })
    return { status: 200, headers, body: isCompressed ? gzip(body) : body }
  }

  /**
   * The bytes of each page. Nothing is asked of the store before somebody wants them. Metadata are looked at here: a search
   * of the store ends when a list would take too long, an export has time.
   */
  async function* partsOf(
    { filter, order }: Pick<FindQuery, 'filter' | 'order'>,
    { head, row }: ExportFormat,
    gone: AbortSignal,
  ) {
    const { metadata = [], ...indexed } = await withSnapshot(filter, known)
    const { find } = forTenant(filter.tenant)
    const matches = metadataMatcher(metadata)
    // what does not match may be large, too
    const max = metadata.length > 0 ? firstRows : maxRows
    let text = head
    let limit = firstRows
    for (let after: string | undefined; ; await nextTurn()) {
      // who has gone is noticed here first: what compresses takes several pages before it has a part of its own
      if (gone.aborted) return
      const place = after === undefined ? {} : { after }
      const found = await fromStore(() => find({ filter: indexed, order, ...place, limit }))
      for (const { activity } of found) if (matches(activity.metadata ?? null)) text += row(activity)
      const bytes = new TextEncoder().encode(text)
      // the first one also where it is empty: with it the headers go out, and where little matches the next ones take long
      if (bytes.byteLength > 0 || after === undefined) yield bytes
      if (found.length < limit) return
      after = found.at(-1)?.key
      limit = Math.max(1, Math.min(max, Math.floor((limit * pageBytes) / bytes.byteLength)))
      text = ''
    }
  }
}

async function* restOf<Part>({ done, value }: IteratorResult<Part, void>, rest: AsyncIterable<Part>) {
  if (done) return
  yield value
  yield* rest
}

/** Its reader learns of the failure as well. */
async function* reportingFailure<Part>(parts: AsyncIterable<Part>, report: (error: unknown) => void) {
  try {
    yield* parts
  } catch (error) {
    report(error)
    throw error
  }
}

function fileName({ from, to }: Filter): string {
  const named = (name: string, ms: number | undefined) =>
    ms === undefined ? '' : `-${name}-${formatTimestamp(ms).replaceAll(/[-:]/g, '')}`
  return `activities${named('from', from)}${named('to', to)}`
}

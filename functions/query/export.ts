import type { Acts } from '@activity-log/shared/access/acts.ts'
import { type Checked, invalid, valid } from '@activity-log/shared/checked.ts'
import { createFairScheduler } from '@activity-log/shared/fair-scheduler.ts'
import type { Filter } from '@activity-log/shared/filter.ts'
import type { Answer } from '@activity-log/shared/http/answer.ts'
import { gzip, prefersGzip } from '@activity-log/shared/http/gzip.ts'
import { invalidInput } from '@activity-log/shared/http/problem.ts'
import type { Routes, ServiceRequest } from '@activity-log/shared/http/route.ts'
import { isFault, reasons } from '@activity-log/shared/reasons.ts'
import type { LinesQuery } from '@activity-log/shared/store/activities.ts'
import type { ForTenant, TenantFilter } from '@activity-log/shared/store/tenant-reader.ts'
import { formatTimestamp, toMs } from '@activity-log/shared/timestamp.ts'
import * as v from 'valibot'
import { exportFormats } from './export-format.ts'
import { type FilterRequest, readFilterRequest } from './filter-request.ts'
import { fromStore } from './from-store.ts'
import type { KnownLedger } from './known-ledger.ts'
import { OrderName, oneOf } from './parameter-schemas.ts'
import { withSnapshot } from './with-snapshot.ts'

export type ExportDependencies = {
  forTenant: ForTenant
  known: Pick<KnownLedger, 'fresh'>
  acts: Acts
}

/** The parameters that only exports take. */
export const exportParameters = {
  format: v.pipe(oneOf(['csv', 'ndjson']), v.description('The format of the file')),
  order: v.optional(OrderName, 'desc'),
  bom: v.optional(
    v.pipe(
      v.picklist(['1'], 'must be 1'),
      v.description('Begins a CSV file with a byte order mark, so that Excel reads it as UTF-8'),
    ),
  ),
}

function checkBom(request: FilterRequest<typeof exportParameters>): Checked<FilterRequest<typeof exportParameters>> {
  if (request.bom === undefined || request.format === 'csv') return valid(request)
  return invalid({ pointer: 'bom', detail: 'is allowed only with format=csv' })
}

/**
 * An export whose client does not read keeps one part in memory: at most this much and one row more. With 16 exports at
 * once and rows of 256 KiB, that is 8 MiB for all of them together.
 */
export const partBytes = 256 * 1024
/** How many rows are read at once: few at first, since they may be large. */
const firstRows = 16
const maxRows = 1000

/** Sends every match in one snapshot, page by page, as fast as the client reads. */
export function exportRoutes({ forTenant, known, acts }: ExportDependencies): Routes {
  const nextTurn = createFairScheduler()
  return { 'GET /export': { scope: 'read', handle: send, streams: true, kind: 'exports' } }

  async function send({
    method,
    url,
    header,
    caller,
    log,
    turn,
    whyNoLonger,
    ...request
  }: ServiceRequest): Promise<Answer> {
    const parsed = readFilterRequest(url, caller.tenant, exportParameters, checkBom)
    if (!parsed.ok) throw invalidInput(parsed.errors)
    const { format, bom, filter, order } = parsed.value
    const { head, contentType } = exportFormats[format]
    const isCompressed = prefersGzip(header('accept-encoding'))
    const headers = {
      'content-type': contentType,
      'content-disposition': `attachment; filename="${fileName(filter)}.${format}"`,
      'cache-control': 'private, no-store',
      vary: 'accept-encoding',
      ...(isCompressed && { 'content-encoding': 'gzip' }),
    }
    if (method === 'HEAD') return { status: 200, headers }
    await acts.record(caller, 'export', { query: queryOf(url) })
    const gone = request.gone()
    const parts = partsOf({ format, head: bom ? `\uFEFF${head}` : head, filter, order }, { gone, turn, whyNoLonger })
    // the first part is read before the headers are sent, so that an early failure is still a problem like any other
    const first = await fromStore(() => parts.next())
    const body = reportingFailure(restOf(first, parts), (error) => {
      if (gone.aborted) return
      if (isFault(error)) log.error({ err: error }, 'an export failed')
      else log.warn({ reason: reasons(error) }, 'an export failed')
    })
    return { status: 200, headers, body: isCompressed ? gzip(body) : body }
  }

  /**
   * The bytes of each part. The store is asked only when the client wants more. A store does not end what takes too long
   * for a list: an export has time.
   */
  async function* partsOf(
    { format, head, filter, order }: Exported,
    { gone, turn, whyNoLonger }: { gone: AbortSignal } & Pick<ServiceRequest, 'turn' | 'whyNoLonger'>,
  ) {
    const snapshot = await withSnapshot(filter, known)
    const { findLines } = forTenant(filter.tenant, { gone: () => gone })
    let limit = firstRows
    let after: string | undefined

    /** A function of its own, so that nothing but the part is kept while the client does not read. */
    async function nextPart(): Promise<{ bytes: Uint8Array; isLast: boolean }> {
      const place = after === undefined ? {} : { after }
      const query = { filter: snapshot, order, ...place, limit, format, maxBytes: partBytes }
      const { bytes, examined, read, rest } = await fromStore(() => findLines(query))
      await turn()
      const size = Math.max(1, read, bytes.byteLength)
      limit = Math.max(1, Math.min(maxRows, 4 * limit, Math.floor((examined * partBytes) / size)))
      const isFirst = after === undefined
      after = rest ?? after
      return {
        bytes: isFirst && head !== '' ? Buffer.concat([Buffer.from(head), bytes]) : bytes,
        isLast: rest === undefined,
      }
    }

    for (let isFirst = true; ; isFirst = false, await nextTurn()) {
      // gzip takes several parts before it emits anything, so a client that has gone is noticed here first
      if (gone.aborted) return
      const problem = whyNoLonger()
      if (problem) throw problem
      const { bytes, isLast } = await nextPart()
      // the first part is sent even if it is empty: it carries the headers, and the next match may be far away
      if (bytes.byteLength > 0 || isFirst) yield bytes
      if (isLast) return
    }
  }
}

type Exported = Pick<LinesQuery, 'format' | 'order'> & { head: string; filter: TenantFilter }

async function* restOf<Part>({ done, value }: IteratorResult<Part, void>, rest: AsyncIterable<Part>) {
  if (done) return
  yield value
  yield* rest
}

/** Reports a failure and passes it on to the reader. */
async function* reportingFailure<Part>(parts: AsyncIterable<Part>, report: (error: unknown) => void) {
  try {
    yield* parts
  } catch (error) {
    report(error)
    throw error
  }
}

const queryOf = (url: string) => /\?([^#]*)/s.exec(url)?.[1] ?? ''

function fileName({ from, to }: Filter): string {
  const named = (name: string, instant: bigint | undefined) =>
    instant === undefined ? '' : `-${name}-${formatTimestamp(toMs(instant)).replaceAll(/[-:]/g, '')}`
  return `activities${named('from', from)}${named('to', to)}`
}

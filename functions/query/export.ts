import type { Acts } from '@activity-log/shared/access/acts.ts'
import { type Checked, invalid, valid } from '@activity-log/shared/checked.ts'
import { createFairScheduler } from '@activity-log/shared/fair-scheduler.ts'
import type { Filter } from '@activity-log/shared/filter.ts'
import type { Answer } from '@activity-log/shared/http/answer.ts'
import { gzip, prefersGzip } from '@activity-log/shared/http/gzip.ts'
import { invalidInput } from '@activity-log/shared/http/problem.ts'
import type { Routes, ServiceRequest } from '@activity-log/shared/http/route.ts'
import { searchMatcher } from '@activity-log/shared/matches-filter.ts'
import { isFault, reasons } from '@activity-log/shared/reasons.ts'
import type { FindQuery } from '@activity-log/shared/store/activities.ts'
import type { ForTenant, TenantFilter } from '@activity-log/shared/store/tenant-reader.ts'
import { formatTimestamp, toMs } from '@activity-log/shared/timestamp.ts'
import * as v from 'valibot'
import { type ExportFormat, exportFormats } from './export-format.ts'
import { type FilterRequest, readFilterRequest } from './filter-request.ts'
import { foundInTime, fromStore } from './from-store.ts'
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
/** How many rows are read at once: few at first, since small rows may be followed by large ones. */
const firstRows = 16
const maxRows = 250
/** What an activity without metadata takes, about. */
const rowBytes = 200

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
    const { format: name, bom, filter, order } = parsed.value
    const { head, ...others } = exportFormats[name]
    const format = { ...others, head: bom ? `\uFEFF${head}` : head }
    const isCompressed = prefersGzip(header('accept-encoding'))
    const headers = {
      'content-type': format.contentType,
      'content-disposition': `attachment; filename="${fileName(filter)}.${name}"`,
      'cache-control': 'private, no-store',
      vary: 'accept-encoding',
      ...(isCompressed && { 'content-encoding': 'gzip' }),
    }
    if (method === 'HEAD') return { status: 200, headers }
    await acts.record(caller, 'export', { query: queryOf(url) })
    const gone = request.gone()
    const parts = partsOf({ filter, order }, format, { gone, turn, whyNoLonger })
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
   * The bytes of each page. The store is asked only when the client wants more. Filters by metadata and text are applied
   * here: the store ends a search that would take too long for a list, but an export has time.
   */
  async function* partsOf(
    { filter, order }: { filter: TenantFilter; order: FindQuery['order'] },
    { head, row }: ExportFormat,
    { gone, turn, whyNoLonger }: { gone: AbortSignal } & Pick<ServiceRequest, 'turn' | 'whyNoLonger'>,
  ) {
    const { metadata, text: searched, ...indexed } = await withSnapshot(filter, known)
    const { find } = forTenant(filter.tenant, { gone: () => gone })
    const matches = searchMatcher(filter)
    let limit = firstRows
    let after: string | undefined

    /** A function of its own, so that nothing but the part is kept while the client does not read. */
    async function nextPart(): Promise<{ bytes: Uint8Array; isLast: boolean }> {
      const place = after === undefined ? {} : { after }
      const query = { filter: indexed, order, ...place, limit }
      const { found, through } = await fromStore(() => foundInTime(find(query), { turn, hold: () => {} }))
      let text = after === undefined ? head : ''
      let taken = 0
      let read = 1
      let size = 0
      for (const { activity } of found) {
        taken++
        // the rows that do not match may be large, too
        read += (activity.metadataText?.length ?? 0) + rowBytes
        const line = matches(activity) ? row(activity) : ''
        text += line
        size += Buffer.byteLength(line)
        // the rest is read again with the next part
        if (size >= partBytes) break
      }
      const isWhole = taken === found.length
      const isLast = isWhole && through === undefined && found.length < limit
      after = (isWhole ? through : undefined) ?? found[taken - 1]?.key ?? after
      limit = Math.max(1, Math.min(maxRows, 4 * limit, Math.floor((taken * partBytes) / Math.max(read, size))))
      return { bytes: new TextEncoder().encode(text), isLast }
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

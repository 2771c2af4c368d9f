import { defaultTenant } from '@activity-log/shared/activity-recorded.ts'
import { encodeAsOf } from '@activity-log/shared/as-of.ts'
import { type Filter, filterDigest } from '@activity-log/shared/filter.ts'
import { type App, methodNotAllowed, newApp } from '@activity-log/shared/http/app.ts'
import { type Answer, type Asked, createFront, type Front } from '@activity-log/shared/http/front.ts'
import { refuseParameters } from '@activity-log/shared/http/parameters.ts'
import { invalidInput, Problem } from '@activity-log/shared/http/problem.ts'
import type { Log } from '@activity-log/shared/log.ts'
import type { Receipt } from '@activity-log/shared/receipt.ts'
import type { RecordFate } from '@activity-log/shared/store/ledger.ts'
import type { ActivityStore } from '@activity-log/shared/store/store.ts'
import { addActivity } from './activity.ts'
import type { ListAnswer, ReceiptAnswer } from './answers.ts'
import { booksAnswer } from './books.ts'
import { cappedCounter } from './capped-counter.ts'
import { addDeadLetters } from './dead-letters.ts'
import { addDocs } from './docs/docs.ts'
import { addExport } from './export.ts'
import { findAsOf } from './find-as-of.ts'
import { answerMs, fromStore } from './from-store.ts'
import { knownBooks } from './known-books.ts'
import { type ListRequest, readListRequest } from './list-request.ts'
import { addLive } from './live.ts'
import { linkHeader, pageLinks } from './page.ts'
import { readReceiptRequest, receiptAnswer } from './receipts.ts'
import { addStats } from './stats.ts'
import { addViewer } from './viewer/viewer.ts'

type Verbs =
  | 'find'
  | 'count'
  | 'stats'
  | 'get'
  | 'arrivals'
  | 'outcome'
  | 'ledger'
  | 'findDeadLetters'
  | 'getDeadLetter'

export type QueryDependencies = {
  store: Pick<ActivityStore, Verbs>
  log: Log
  now: () => Date
  /** Aborts when the process is told to end: who waits for a record gets an answer then. */
  stopping?: AbortSignal
}

export type Query = App & { front: Front }

/** Lists the log, page by page, and finds single activities. */
export function createApp({ store, log, now, stopping = never }: QueryDependencies): Query {
  const app = newApp(log)
  const countCapped = cappedCounter({ count: store.count, now })
  const known = knownBooks({ books: store.ledger, now, log })

  app.get('/logs', async (c) => {
    const { headers, body } = await list({ url: c.req.url, gone: () => c.req.raw.signal })
    return c.json(body, 200, headers)
  })
  app.all('/logs', methodNotAllowed('GET', 'HEAD'))
  const front = createFront(log, { 'GET /logs': list })

  async function list({ url, gone }: Pick<Asked, 'url' | 'gone'>): Promise<Required<Answer<200>>> {
    const request = readListRequest(url, defaultTenant)
    if (!request.ok) throw invalidInput(request.errors)
    const { visible } = request.value
    if (!visible) return fromStore(() => answerTo(request.value))
    return fromStore(
      async () => {
        const fate = await untilVisible(visible, gone())
        // what a list takes is not what was asked to be waited for
        return fromStore(() => answerTo(request.value, receiptAnswer(visible.receipt, fate)))
      },
      answerMs + visible.waitS * 1000,
    )
  }

  async function answerTo(request: ListRequest, receipt?: ReceiptAnswer): Promise<Required<Answer<200>>> {
    const { parameters, filter, order, count, limit, visible } = request
    const [{ page, asOf }, total] = await Promise.all([
      findAsOf({
        find: (filter, part) => store.find({ filter, ...part }),
        known,
        request,
        visible: visible?.receipt.position,
      }),
      countTotal(filter, count),
    ])
    const through = (await known.recent())?.completeThrough
    const { page: _page, cursor: _cursor, receipt: _receipt, wait: _wait, asOf: _asOf, ...repeated } = parameters
    const asOfText = asOf && encodeAsOf(asOf)
    const links = pageLinks('/logs', repeated, filterDigest(filter, order), page, asOfText)
    const body: ListAnswer = {
      data: page.found.map(({ activity }) => activity),
      page: page.number,
      limit,
      ...total,
      next: links.next,
      previous: links.previous,
      completeThrough: through?.toISOString() ?? null,
      asOf: asOfText ?? null,
      ...(receipt && { receipt }),
    }
    return { status: 200, headers: { Link: linkHeader(links) }, body }
  }

  addActivity(app, store)
  addExport(app, { store, known, log })
  addStats(app, { store, known })

  app.get('/receipts/:receipt', async (c) => {
    const request = readReceiptRequest(c.req.url, c.req.param('receipt'))
    if (!request.ok) throw invalidInput(request.errors)
    const { receipt, wait = 0 } = request.value
    return c.json(receiptAnswer(receipt, await findFate(receipt, wait, c.req.raw.signal)))
  })
  app.all('/receipts/:receipt', methodNotAllowed('GET', 'HEAD'))

  addDeadLetters(app, store)
  addLive(app, { known, arrivals: store.arrivals, log, stopping })

  app.get('/books', async (c) => {
    refuseParameters(c.req.url)
    return c.json(booksAnswer(await fromStore(store.ledger)))
  })
  app.all('/books', methodNotAllowed('GET', 'HEAD'))

  addViewer(app, { now })
  addDocs(app)

  /** Of the caller's own tenant: another one's record stays pending. */
  function findFate(receipt: Receipt, waitS: number, gone: AbortSignal): Promise<RecordFate | undefined> {
    const patience = waitS > 0 ? AbortSignal.any([AbortSignal.timeout(waitS * 1000), gone, stopping]) : undefined
    return fromStore(
      async () => {
        const known = await store.outcome(receipt, patience)
        return known?.tenant === defaultTenant ? afterReplay(known) : undefined
      },
      answerMs + waitS * 1000,
    )
  }

  /** What came back without its first position was saved without one: then only its dead letter says that it was. */
  async function afterReplay(known: RecordFate): Promise<RecordFate> {
    const { deadLetter } = known
    if (deadLetter === undefined) return known
    const resolution = (await store.getDeadLetter(defaultTenant, deadLetter))?.resolution
    return resolution?.state === 'replayed' ? { ...known, fate: resolution.outcome } : known
  }

  /** What a record became, or a 504: a list that does not have it yet is not what was asked for. */
  async function untilVisible(
    { receipt, waitS }: NonNullable<ListRequest['visible']>,
    gone: AbortSignal,
  ): Promise<RecordFate> {
    const fate = await findFate(receipt, waitS, gone)
    if (fate) return fate
    const detail = 'The record of this receipt is not there yet. It is not lost: ask again, with wait=30 for instance.'
    throw new Problem('timeout', detail, { headers: { 'retry-after': '1' } })
  }

  async function countTotal(
    filter: Filter,
    count: ListRequest['count'],
  ): Promise<{ total?: number; totalIsExact?: boolean }> {
    if (count === 'none') return {}
    if (count === 'exact') return { total: await store.count(filter), totalIsExact: true }
    return countCapped(filter)
  }

  return Object.assign(app, { front })
}

const never = new AbortController().signal

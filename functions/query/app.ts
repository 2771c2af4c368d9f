import { defaultTenant } from '@activity-log/shared/activity-recorded.ts'
import { type Cursor, encodeCursor } from '@activity-log/shared/cursor.ts'
import { type App, methodNotAllowed, newApp } from '@activity-log/shared/http/app.ts'
import { readParameters } from '@activity-log/shared/http/parameters.ts'
import { invalidInput, Problem, unavailable } from '@activity-log/shared/http/problem.ts'
import type { Log } from '@activity-log/shared/log.ts'
import type { Receipt } from '@activity-log/shared/receipt.ts'
import {
  type ActivityStore,
  type Found,
  type RecordFate,
  StoreUnavailable,
  TooManyActions,
} from '@activity-log/shared/store/store.ts'
import { booksAnswer } from './books.ts'
import { cappedCounter, countCap } from './capped-counter.ts'
import { completeThrough } from './complete-through.ts'
import { type ListRequest, readListRequest } from './list-request.ts'
import { readReceiptRequest, receiptAnswer } from './receipts.ts'

export type QueryDependencies = {
  store: Pick<ActivityStore, 'find' | 'count' | 'get' | 'fate' | 'books'>
  log: Log
  now: () => Date
  /** Aborts when the process is told to end: who waits for a record gets an answer then. */
  stopping?: AbortSignal
}

/** Lists the log, page by page, and finds single activities. */
export function createApp({ store, log, now, stopping = never }: QueryDependencies): App {
  const app = newApp(log)
  const countCapped = cappedCounter({ count: store.count, now })
  const readCompleteThrough = completeThrough({ books: store.books, now })

  app.get('/logs', async (c) => {
    const request = readListRequest(c.req.url, defaultTenant)
    if (!request.ok) throw invalidInput(request.errors)
    const { visible } = request.value
    const receipt = visible && receiptAnswer(visible.receipt, await untilVisible(visible, c.req.raw.signal))
    const [page, total, through] = await fromStore(() =>
      Promise.all([findPage(request.value), countTotal(request.value), readCompleteThrough()]),
    )
    const links = pageLinks(request.value, page)
    const header = Object.entries(links).flatMap(([rel, url]) =>
      url ? [`<${url}>; rel="${rel === 'previous' ? 'prev' : rel}"`] : [],
    )
    c.header('Link', header.join(', '))
    return c.json({
      data: page.found.map(({ activity }) => activity),
      page: page.number,
      limit: request.value.limit,
      ...total,
      next: links.next,
      previous: links.previous,
      completeThrough: through?.toISOString() ?? null,
      ...(receipt && { receipt }),
    })
  })
  app.all('/logs', methodNotAllowed('GET', 'HEAD'))

  app.get('/logs/:id', async (c) => {
    const { errors } = readParameters(c.req.url, [])
    if (errors.length > 0) throw invalidInput(errors)
    const id = c.req.param('id')
    const activity = await fromStore(() => store.get(defaultTenant, id))
    if (!activity) {
      throw new Problem(
        'not-found',
        'There is no activity with this id. One that was accepted a moment ago may still be on its way.',
      )
    }
    return c.json(activity)
  })
  app.all('/logs/:id', methodNotAllowed('GET', 'HEAD'))

  app.get('/receipts/:receipt', async (c) => {
    const request = readReceiptRequest(c.req.url, c.req.param('receipt'))
    if (!request.ok) throw invalidInput(request.errors)
    const { receipt, wait = 0 } = request.value
    return c.json(receiptAnswer(receipt, await findFate(receipt, wait, c.req.raw.signal)))
  })
  app.all('/receipts/:receipt', methodNotAllowed('GET', 'HEAD'))

  app.get('/books', async (c) => {
    const { errors } = readParameters(c.req.url, [])
    if (errors.length > 0) throw invalidInput(errors)
    return c.json(booksAnswer(await fromStore(store.books)))
  })
  app.all('/books', methodNotAllowed('GET', 'HEAD'))

  /** Of the caller's own tenant: another one's record stays pending. */
  async function findFate(receipt: Receipt, waitS: number, gone: AbortSignal): Promise<RecordFate | undefined> {
    const patience = waitS > 0 ? AbortSignal.any([AbortSignal.timeout(waitS * 1000), gone, stopping]) : undefined
    const known = await fromStore(() => store.fate(receipt, patience))
    return known?.tenant === defaultTenant ? known : undefined
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

  /** One more than the page is asked for, to know whether another page follows. */
  async function findPage({ filter, order, limit, place }: ListRequest): Promise<Page> {
    if ('page' in place) {
      const found = await store.find({ filter, order, limit: limit + 1, skip: (place.page - 1) * limit })
      return {
        found: found.slice(0, limit),
        number: place.page,
        goesOn: found.length > limit,
        goesBack: place.page > 1,
      }
    }
    const { reading, key, page } = place.cursor
    if (reading === 'onwards') {
      const found = await store.find({ filter, order, limit: limit + 1, after: key })
      return { found: found.slice(0, limit), number: page, goesOn: found.length > limit, goesBack: true }
    }
    const turned = order === 'desc' ? 'asc' : 'desc'
    const found = await store.find({ filter, order: turned, limit: limit + 1, after: key })
    return { found: found.slice(0, limit).reverse(), number: page, goesOn: true, goesBack: found.length > limit }
  }

  async function countTotal({ filter, count }: ListRequest): Promise<{ total?: number; totalIsExact?: boolean }> {
    if (count === 'none') return {}
    if (count === 'exact') return { total: await store.count(filter), totalIsExact: true }
    const counted = await countCapped(filter)
    return { total: Math.min(counted, countCap), totalIsExact: counted <= countCap }
  }

  return app
}

const never = new AbortController().signal

type Page = { found: readonly Found[]; number: number; goesOn: boolean; goesBack: boolean }

/** Relative: the host that a request names is the client's claim. */
function pageLinks({ parameters, filter, order }: ListRequest, page: Page) {
  const { page: _page, cursor: _cursor, receipt: _receipt, wait: _wait, ...others } = parameters
  const link = (place: { cursor?: string; page?: string }) => {
    const query = new URLSearchParams({ ...others, ...place }).toString()
    return query === '' ? '/logs' : `/logs?${query}`
  }
  const at = (reading: Cursor['reading'], key: string, number: number) =>
    link({ cursor: encodeCursor({ reading, key, page: Math.max(1, number) }, filter, order) })
  const first = page.found[0]
  const last = page.found.at(-1)
  const goBack = first ? at('back', first.key, page.number - 1) : link({ page: String(Math.max(1, page.number - 1)) })
  return {
    first: link({}),
    next: page.goesOn && last ? at('onwards', last.key, page.number + 1) : null,
    previous: page.goesBack ? goBack : null,
  }
}

/** The store in trouble is a 503, a filter that is too broad the client's to narrow; anything else is a fault of ours. */
async function fromStore<Result>(ask: () => Promise<Result>): Promise<Result> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof TooManyActions) {
      throw invalidInput([{ pointer: 'action', detail: `${error.message}; ask for a longer beginning` }])
    }
    if (error instanceof StoreUnavailable) throw unavailable('The log cannot be read just now; try again.', error)
    throw error
  }
}

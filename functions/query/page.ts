import { type Cursor, encodeCursor } from '@activity-log/shared/cursor.ts'
import type { Order } from '@activity-log/shared/filter.ts'
import { type Parameters, writeParameters } from '@activity-log/shared/http/parameters.ts'
import { type FoundPart, findBounded, type Part } from './find-bounded.ts'

type Keyed = { key: string }
export type Place = { page: number } | { cursor: Cursor }
export type Page<Item> = {
  found: readonly Item[]
  number: number
  hasNext: boolean
  hasPrevious: boolean
  /** The page ended before its limit, since its rows are large. */
  isTruncated: boolean
  /** The key through which a search came before its time was up. */
  through?: string | undefined
  /** Where the pages before and after this one begin, unless at its first and last row. */
  before?: string | undefined
  after?: string | undefined
}

/** Finds one row more than the page has, to know whether another page follows. `sizeOf` gives the bytes of a row. */
export async function findPage<Item extends Keyed>(
  find: (part: Part) => Promise<FoundPart<Item>>,
  { order, limit, place }: { order: Order; limit: number; place: Place },
  sizeOf: (item: Item) => number,
): Promise<Page<Item>> {
  const bounded = async (part: Omit<Part, 'limit'>) => {
    const { found, isCut, through } = await findBounded(find, { ...part, limit: limit + 1 }, sizeOf)
    const isTruncated = isCut && found.length < limit
    const hasMore = isCut || found.length > limit
    // a page that is full needs none of what the search found behind it
    const isOver = through !== undefined && !hasMore
    return {
      found: found.slice(0, limit),
      isTruncated,
      hasMore: hasMore || isOver,
      through: isOver ? through : undefined,
    }
  }
  if ('page' in place) {
    const { hasMore, ...page } = await bounded({ order, skip: (place.page - 1) * limit })
    return { ...page, after: page.through, number: place.page, hasNext: hasMore, hasPrevious: place.page > 1 }
  }
  const { reading, key, page: number } = place.cursor
  if (reading === 'onwards') {
    const { hasMore, ...page } = await bounded({ order, after: key })
    const after = page.through
    const before = page.found.length === 0 ? after : undefined
    return { ...page, before, after, number, hasNext: hasMore, hasPrevious: true }
  }
  const { hasMore, found, ...page } = await bounded({ order: order === 'desc' ? 'asc' : 'desc', after: key })
  const before = page.through
  const after = found.length === 0 ? before : undefined
  return { ...page, found: found.reverse(), before, after, number, hasNext: true, hasPrevious: hasMore }
}

export type Links = { first: string; next: string | null; previous: string | null }

/**
 * Links are relative, since the host in a request is only the client's claim. `parameters` are those that every page
 * repeats, and `digest` identifies their filter. Every link has `asOf` except the one to the first page, which shows
 * the newest.
 */
export function pageLinks(
  /** Makes a link of a search, which begins with ? or is empty. */
  linkWith: (search: string) => string,
  parameters: Parameters,
  digest: Buffer,
  page: Page<Keyed>,
  asOf?: string,
): Links {
  const link = (place: Parameters) => {
    const query = writeParameters({ ...parameters, ...place })
    return linkWith(query === '' ? '' : `?${query}`)
  }
  const linkTo = (place: Parameters) => link({ ...place, ...(asOf !== undefined && { asOf }) })
  const at = (reading: Cursor['reading'], key: string, number: number) =>
    linkTo({ cursor: encodeCursor({ reading, key, page: Math.max(1, number) }, digest) })
  const before = page.before ?? page.found[0]?.key
  const after = page.after ?? page.found.at(-1)?.key
  // a search that leads back to the start may find nothing on its way
  const goOn = () => (after ? at('onwards', after, page.number + 1) : linkTo({ page: '1' }))
  const goBack = () =>
    before ? at('back', before, page.number - 1) : linkTo({ page: String(Math.max(1, page.number - 1)) })
  return {
    first: link({}),
    next: page.hasNext ? goOn() : null,
    previous: page.hasPrevious ? goBack() : null,
  }
}

/** Links as a Link header (RFC 8288). */
export function linkHeader(links: Links): string {
  const named = { first: links.first, next: links.next, prev: links.previous }
  return Object.entries(named)
    .flatMap(([rel, url]) => (url ? [`<${url}>; rel="${rel}"`] : []))
    .join(', ')
}

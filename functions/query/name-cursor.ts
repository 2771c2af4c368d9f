import { decodeCursor, encodeCursor } from '@activity-log/shared/cursor.ts'
import { filterDigest } from '@activity-log/shared/filter.ts'
import type { Counted, NameStatsQuery } from '@activity-log/shared/store/activities.ts'

type Asked = Pick<NameStatsQuery, 'filter' | 'by' | 'prefix'>

/** A place in an answer that lists names: behind a name with its count. */
export function encodeNameCursor({ key, count }: Counted, asked: Asked): string {
  const place = `${count}:${Buffer.from(key).toString('latin1')}`
  return encodeCursor({ reading: 'onwards', key: place, page: 1 }, digestOf(asked))
}

/** Returns the place, or the error as a string. */
export function decodeNameCursor(text: string, asked: Asked): Counted | string {
  const cursor = decodeCursor(text, digestOf(asked), (place) => placeOf(place) !== undefined)
  return typeof cursor === 'string' ? cursor : (placeOf(cursor.key) as Counted)
}

function placeOf(text: string): Counted | undefined {
  const [, count, key] = /^([1-9]\d{0,14}):(.+)$/s.exec(text) ?? []
  return count && key ? { key: Buffer.from(key, 'latin1').toString(), count: Number(count) } : undefined
}

/** Cursors of lists have another digest, so neither is taken for the other. */
const digestOf = ({ filter, by, prefix = '' }: Asked) => filterDigest(filter, 'desc', 'names', by, prefix)

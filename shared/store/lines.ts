import type { ListedActivity } from '../document.ts'
import { lineIn } from '../line-formats.ts'
import { searchMatcher } from '../matches-filter.ts'
import { type Activities, type Lines, type LinesQuery, TooBroad } from './activities.ts'

/** How many activities to find at once: large ones may follow small ones. */
const maxFound = 250

/** Finds lines in a store that reads activities where they are written. */
export function linesOf(find: Activities['find']): Activities['findLines'] {
  return async (query, gone) => {
    const { filter, format: _format, maxBytes: _maxBytes, ...place } = query
    const limit = Math.min(query.limit, maxFound)
    const { found, through } = await find({ ...place, limit, filter: withoutSearch(filter) }, gone).then(
      (found) => ({ found, through: undefined }),
      (error) => {
        if (error instanceof TooBroad && error.searched) return error.searched
        throw error
      },
    )
    const lines = createLines(query)
    const isWhole = found.every(({ activity }) => lines.add(activity))
    const last = found[lines.examined() - 1]?.key
    return lines.end(isWhole ? (through ?? (found.length < limit ? undefined : last)) : last)
  }
}

/** The part of a filter that indexes answer. */
export const withoutSearch = ({ metadata: _metadata, text: _text, ...indexed }: LinesQuery['filter']) => indexed

/** What an activity without metadata takes, about. */
const rowBytes = 200

/** Writes the lines of those activities that match the whole filter. */
export function createLines({ filter, format, maxBytes }: LinesQuery) {
  const matches = searchMatcher(filter)
  const lineOf = lineIn[format]
  let text = ''
  let bytes = 0
  let examined = 0
  let read = 0
  return {
    examined: () => examined,
    /** Returns false once there is no room for more. */
    add(activity: ListedActivity): boolean {
      examined++
      // activities that do not match may be large, too
      read += (activity.metadataText?.length ?? 0) + rowBytes
      if (matches(activity)) {
        const line = lineOf(activity)
        text += line
        bytes += Buffer.byteLength(line)
      }
      return bytes < maxBytes
    },
    /** `rest` is the key after which more may follow. */
    end: (rest: string | undefined): Lines => ({
      bytes: new TextEncoder().encode(text),
      examined,
      read,
      ...(rest !== undefined && { rest }),
    }),
  }
}

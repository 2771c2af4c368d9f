import type { SlotKind } from '@activity-log/shared/http/slots.ts'
import { metadataFamily } from './metadata-filters.ts'

/** Text, metadata and excluded actions, of which a parameter may be percent-encoded. */
const maySearch = /[?&](?:q=|metadata\.)|!|%/

/**
 * What no index covers is looked for until there is enough of it, or until the time is up. Such requests take none of
 * the slots of those that are answered at once.
 */
export function kindOfRead(url: string): SlotKind {
  if (!maySearch.test(url)) return 'reads'
  for (const [name, value] of new URLSearchParams(url.slice(url.indexOf('?') + 1))) {
    if (name === 'q' || name.startsWith(metadataFamily)) return 'searches'
    if (name === 'action' && value.includes('!')) return 'searches'
  }
  return 'reads'
}

/** A page of the viewer takes much longer than the list in it. */
export function kindOfPage(url: string): SlotKind {
  const kind = kindOfRead(url)
  return kind === 'reads' ? 'pages' : kind
}

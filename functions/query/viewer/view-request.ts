import type { InputError } from '@activity-log/shared/checked.ts'
import { href, isMetadataFilter, userSeparator, type View } from './views/view.ts'
import { instantOf, isZone } from './views/zone-time.ts'

const maxParameters = 100
/** Each of the hundreds of links of a page repeats its address. */
const maxLength = 8_000

export type ViewRequest = { view: View; zone: string; errors: InputError[] }

/**
 * Turns the URL of a page into what the API takes. Forms send empty fields, times as clocks in the zone show them, and
 * metadata as `path=value`. The API itself checks the parameters that it knows.
 */
export function readViewRequest(url: string, usualZone: string | undefined): ViewRequest {
  const errors: InputError[] = []
  const view: Record<string, string> = {}
  const query = /\?([^#]*)/s.exec(url)?.[1] ?? ''
  if (!isPercentEncoded(query)) errors.push({ pointer: 'The address', detail: 'is not valid percent-encoded UTF-8' })
  let count = 0
  for (const [name, value] of new URLSearchParams(query)) {
    if (value.trim() === '' && !isMetadataFilter(name)) continue
    if (++count > maxParameters) {
      errors.push({ pointer: 'The address', detail: `has more than ${maxParameters} parameters` })
      break
    }
    const before = Object.hasOwn(view, name) ? view[name] : undefined
    const isAnother = name === 'userId' && before !== undefined
    if (before !== undefined && !isAnother) errors.push({ pointer: name, detail: 'is repeated; send it once' })
    const all = isAnother ? before + userSeparator + value : value
    Object.defineProperty(view, name, { value: all, enumerable: true, configurable: true, writable: true })
  }
  if (href(view).length > maxLength) {
    errors.push({ pointer: 'The address', detail: `is longer than ${maxLength} characters` })
    return { view: {}, zone: 'UTC', errors }
  }
  const { zone: chosen } = view
  if (chosen !== undefined && !isZone(chosen))
    errors.push({ pointer: 'zone', detail: 'must be an IANA time zone name, such as Europe/Berlin' })
  const zone = [chosen, usualZone].find((name) => name !== undefined && isZone(name)) ?? 'UTC'
  for (const name of ['from', 'to']) {
    const wall = view[name]?.replace(' ', 'T')
    if (wall === undefined || !/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?)?$/.test(wall)) continue
    const ms = instantOf(wall, zone)
    if (!Number.isNaN(ms)) view[name] = new Date(ms).toISOString().replace('.000Z', 'Z')
  }
  const { metadata, ...rest } = view
  const [, path, value] = /^(?:metadata\.)?([^=]+)=(.*)$/s.exec(metadata ?? '') ?? []
  if (metadata === undefined) return { view, zone, errors }
  if (path && value !== undefined) return { view: { ...rest, [`metadata.${path.trim()}`]: value.trim() }, zone, errors }
  errors.push({ pointer: 'metadata', detail: 'must be written as name=value or name.inner=value' })
  return { view: rest, zone, errors }
}

function isPercentEncoded(query: string): boolean {
  try {
    decodeURIComponent(query)
    return true
  } catch {
    return false
  }
}

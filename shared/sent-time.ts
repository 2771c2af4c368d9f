import { type TimeFormat, timeFormats, timeForms } from './time-format.ts'
import { parseTimestamp } from './timestamp.ts'

/** RFC 3339 text, or what is wrong with the time. */
export type SentTime = { ok: true; text: string } | { ok: false; detail: string }

/** How many decimal places an epoch time has in comparison with seconds. */
const epochPlaces: { readonly [format in TimeFormat]?: number } = {
  'epoch-s': 0,
  'epoch-ms': 3,
  'epoch-us': 6,
  'epoch-ns': 9,
}
const lastSecond = 253_402_300_799

/**
 * Writes a time as RFC 3339 without losing a digit. `text` is the time as it was sent; for a number, the digits of that
 * number.
 */
export function readSentTime(text: string, isNumber: boolean, format: TimeFormat, zone: string | undefined): SentTime {
  const places = epochPlaces[format]
  if (places !== undefined) return fromEpoch(text.trim(), places, format)
  if (isNumber) return no(`is a number; ${formsOf(format)}`)
  return format === 'loose' ? fromLoose(text.trim(), zone) : { ok: true, text }
}

/** The error of a time in another form than the one that was named. */
export function formsOf(format: TimeFormat): string {
  if (format === 'rfc3339') return timeForms
  const others = `other forms of time-format: ${timeFormats.filter((name) => name !== format).join(', ')}`
  if (format === 'loose') return `must be a date and a time, ${looseForms}; ${others}`
  return `must be the time since 1970 as ${format}: digits, perhaps with a decimal point; ${others}`
}

/** Whether the text names a time zone: an IANA name, Z, or an offset such as +02:00. */
export function isZone(text: string): boolean {
  return text === 'Z' || offsetZone.test(text) || (/^[A-Za-z]/.test(text) && offsetsOf(text) !== undefined)
}
const offsetZone = /^([+-])([01]\d|2[0-3])(?::?([0-5]\d))?$/

const no = (detail: string): SentTime => ({ ok: false, detail })

function fromEpoch(text: string, places: number, format: TimeFormat): SentTime {
  const match = /^(\d{1,30})(?:\.(\d{1,30}))?(?:[eE]\+?(\d{1,2}))?$/.exec(text)
  if (!match) return no(formsOf(format))
  const [, whole = '', fraction = '', exponent = '0'] = match
  const point = whole.length + Number(exponent) - places
  const digits = (whole + fraction).padEnd(point, '0').padStart(whole.length + fraction.length - point, '0')
  const at = Math.max(point, 0)
  const seconds = Number(digits.slice(0, at))
  if (seconds > lastSecond) return no(`is after the year 9999 as ${format}; name the unit that it has`)
  const rest = digits.slice(at).replace(/0+$/, '')
  return { ok: true, text: `${new Date(seconds * 1000).toISOString().slice(0, 19)}${rest && `.${rest}`}Z` }
}

const loose =
  /^(\d{4}-\d{2}-\d{2})[Tt ]\s*(\d{2}:\d{2})(:\d{2})?(?:[.,](\d+))?\s*(?:(Z|UTC|GMT)|([+-]\d{2}):?(\d{2})?)?\s*(?:\[([^\]]+)\])?$/i
const looseForms =
  'such as "2024-01-15 10:00:00.123 +0100", "2024-01-15T10:00+01:00[Europe/Berlin]", or without an offset and with zone'

function fromLoose(text: string, zone: string | undefined): SentTime {
  const match = text.length <= 128 ? loose.exec(text) : null
  if (!match) return no(formsOf('loose'))
  const [, date, minutes, seconds = ':00', fraction, utc, hours, more = '00', named] = match
  const local = `${date}T${minutes}${seconds}${fraction === undefined ? '' : `.${fraction}`}`
  if (utc) return { ok: true, text: `${local}Z` }
  if (hours) return { ok: true, text: `${local}${hours}:${more}` }
  const place = named ?? zone
  if (place === undefined) return no('has no offset; send one, or name its time zone with zone')
  return inZone(local, place)
}

/** Adds the offset of a zone. If clocks were set back and the hour occurs twice, the first one counts. */
function inZone(local: string, zone: string): SentTime {
  const parsed = parseTimestamp(`${local}Z`)
  if (typeof parsed === 'string') return no(parsed)
  const [, sign, hours, minutes = '00'] = offsetZone.exec(zone) ?? []
  if (sign) return { ok: true, text: `${local}${sign}${hours}:${minutes}` }
  if (zone === 'Z') return { ok: true, text: `${local}Z` }
  const offsetAt = offsetsOf(zone)
  if (!offsetAt) return no(`is in ${zone}, which is not a time zone`)
  const day = 24 * 60 * 60 * 1000
  const offset = [offsetAt(parsed.ms - day), offsetAt(parsed.ms + day)].find(
    (candidate) => offsetAt(parsed.ms - candidate) === candidate,
  )
  if (offset === undefined) return no(`does not exist in ${zone}, where clocks were set forward`)
  return { ok: true, text: `${local}${offsetText(offset)}` }
}

/** Rounds to the minute, since RFC 3339 has no finer offsets. No zone has had one since 1972. */
function offsetText(offset: number): string {
  if (offset === 0) return 'Z'
  const minutes = Math.round(Math.abs(offset) / 60_000)
  const two = (number: number) => String(number).padStart(2, '0')
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}

type Offsets = (ms: number) => number

/** Returns the offset of a zone at any instant, in milliseconds, or undefined if there is no such zone. */
function offsetsOf(zone: string): Offsets | undefined {
  const known = zones.get(zone)
  if (known) return known
  const offsets = openZone(zone)
  // a zone takes 50 KB, and the items of a request may name any number
  if (zones.size === maxZones) zones.clear()
  if (offsets) zones.set(zone, offsets)
  return offsets
}

/** Opening a zone takes as long as reading 25 items, and those of a request may come from several places. */
const zones = new Map<string, Offsets>()
const maxZones = 32

function openZone(timeZone: string): Offsets | undefined {
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })
    return (ms) => {
      const text = format.formatToParts(ms).find(({ type }) => type === 'timeZoneName')?.value ?? ''
      const [, sign, hours, minutes, seconds = '0'] = /([+-])(\d{2}):(\d{2})(?::(\d{2}))?/.exec(text) ?? []
      if (!sign) return 0
      return (sign === '-' ? -1 : 1) * ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000
    }
  } catch {
    return undefined
  }
}

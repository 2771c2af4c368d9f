export type Timestamp = {
  /** Milliseconds since 1970 in UTC without finer digits. A leap second counts as the second that follows it. */
  ms: number
  /** Like `ms`, in nanoseconds. */
  nanoseconds: bigint
  /** The full instant, equal for every way of writing it; use it to compare two timestamps. */
  instant: string
  /** `ms` as `toISOString` writes it, if that is known already. */
  iso?: string
}

const rfc3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/
const maxLength = 64
const lastMs = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

/**
 * Reads a date and time as RFC 3339 (section 5.6) defines it, from 1970 on, and rejects the other forms that `new Date`
 * accepts. A leap second (`:60`) is valid only in the last second of a month in UTC. POSIX time cannot express it, so
 * it sorts with the second that follows it; the text is kept as it is. Returns the error as a string.
 */
export function parseTimestamp(text: string): Timestamp | string {
  if (text !== last.text) last = { text, parsed: parse(text) }
  return last.parsed
}

/** The last timestamp is cached: checking and recording an activity parse it several times. */
let last: { text: string; parsed: Timestamp | string } = { text: '', parsed: parse('') }

function parse(text: string): Timestamp | string {
  return parseUsual(text) ?? parseAny(text)
}

/** The form of `toISOString`, which most programs send, takes a third of the time of any other. */
const usual = /^(?:19[7-9]|2\d\d)\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

function parseUsual(text: string): Timestamp | undefined {
  if (text.length !== 24 || !usual.test(text)) return undefined
  const ms = Date.parse(text)
  // JavaScript takes a day that its month does not have for another day, and 24:00 for the next one
  if (Number.isNaN(ms) || new Date(ms).getUTCDate() !== Number(text.slice(8, 10))) return undefined
  const digits = text.endsWith('0Z', 24) ? text.slice(20, 23).replace(/0+$/, '') : text.slice(20, 23)
  return { ms, nanoseconds: BigInt(ms) * nanosecondsPerMs, instant: `${Math.floor(ms / 1000)}.${digits}`, iso: text }
}

function parseAny(text: string): Timestamp | string {
  const match = text.length <= maxLength ? rfc3339.exec(text) : null
  if (!match) return 'must be an RFC 3339 date and time with an offset, such as 2024-01-15T10:00:00Z'
  const [
    ,
    year4 = '',
    month2 = '',
    day2 = '',
    hour2 = '',
    minute2,
    second2,
    fraction = '',
    sign,
    offsetHour = '0',
    offsetMinute = '0',
  ] = match
  const [year, month, day] = [Number(year4), Number(month2), Number(day2)]
  const [hour, minute, second] = [Number(hour2), Number(minute2), Number(second2)]
  if (month < 1 || month > 12) return `has month ${month2}, which does not exist`
  if (day < 1 || day > daysIn(year, month)) return `has day ${day2}, which does not exist in ${year4}-${month2}`
  if (hour > 23) return `has hour ${hour2}; hours are 00 to 23`
  if (minute > 59 || second > 60) return 'has minutes or seconds that do not exist'
  if (Number(offsetHour) > 23 || Number(offsetMinute) > 59) return 'has an offset that does not exist'

  const offsetMs = (Number(offsetHour) * 60 + Number(offsetMinute)) * 60_000 * (sign === '-' ? -1 : 1)
  const wholeSecondMs = Date.UTC(year, month - 1, day, hour, minute, Math.min(second, 59)) - offsetMs
  if (year < 1969 || wholeSecondMs < 0) return 'is before 1970'
  if (wholeSecondMs > lastMs) return 'is after the year 9999'
  if (second === 60 && !endsMonth(wholeSecondMs)) {
    return 'has second 60; a leap second exists only at the end of a month in UTC'
  }

  const digits = fraction.replace(/0+$/, '')
  const wholeMs = second === 60 ? wholeSecondMs + 1000 : wholeSecondMs
  if (wholeMs > lastMs) return 'is after the year 9999'
  const nanoseconds = Number(digits.slice(0, 9).padEnd(9, '0'))
  return {
    ms: wholeMs + Math.floor(nanoseconds / 1e6),
    nanoseconds: BigInt(wholeMs) * 1_000_000n + BigInt(nanoseconds),
    instant: `${wholeSecondMs / 1000}${second === 60 ? '+1' : ''}.${digits}`,
  }
}

export const nanosecondsPerMs = 1_000_000n

/** The whole milliseconds of nanoseconds. */
export const toMs = (nanoseconds: bigint): number => Number(nanoseconds / nanosecondsPerMs)

/** Writes an instant as RFC 3339 in UTC, with milliseconds only if they are not zero. */
export function formatTimestamp(ms: number): string {
  return ms % 1000 === 0 ? `${isoText(ms).slice(0, -'.000Z'.length)}Z` : isoText(ms)
}

const dayMs = 86_400_000
const digitsOf = (count: number, length: number) =>
  Array.from({ length: count }, (_, number) => String(number).padStart(length, '0'))
const [twoDigits, threeDigits] = [digitsOf(60, 2), digitsOf(1000, 3)]
/** The last day is cached: the activities of a page are mostly of the same one. */
let lastDay = { number: 0, text: '1970-01-01T' }

/** Writes whole milliseconds as `toISOString` does, in a quarter of its time. */
export function isoText(ms: number): string {
  const number = Math.floor(ms / dayMs)
  if (number !== lastDay.number) {
    lastDay = { number, text: new Date(number * dayMs).toISOString().slice(0, -'00:00:00.000Z'.length) }
  }
  const inDay = ms - number * dayMs
  const seconds = Math.floor(inDay / 1000)
  const minutes = Math.floor(seconds / 60)
  const hour = twoDigits[Math.floor(minutes / 60)]
  return `${lastDay.text}${hour}:${twoDigits[minutes % 60]}:${twoDigits[seconds % 60]}.${threeDigits[inDay % 1000]}Z`
}

/** Writes an instant to the nanosecond, with as few digits as it takes. */
export function formatInstant(nanoseconds: bigint): string {
  const seconds = new Date(toMs(nanoseconds)).toISOString().slice(0, 19)
  const digits = String(nanoseconds % 1_000_000_000n)
    .padStart(9, '0')
    .replace(/0+$/, '')
  return `${seconds}${digits && '.'}${digits}Z`
}

const daysInMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const isLeapYear = (year: number) => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
const daysIn = (year: number, month: number) =>
  month === 2 && isLeapYear(year) ? 29 : (daysInMonth[month - 1] as number)

const endsMonth = (ms: number) => {
  const next = new Date(ms + 1000)
  return next.getUTCDate() === 1 && next.getUTCHours() === 0 && next.getUTCMinutes() === 0 && next.getUTCSeconds() === 0
}

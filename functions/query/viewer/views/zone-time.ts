const formats = new Map<string, Intl.DateTimeFormat>()

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone)
  if (!format) {
    const date = { year: 'numeric', month: '2-digit', day: '2-digit' } as const
    const time = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, ...date, ...time })
    // a log needs a handful; the limit keeps requests for many zones from filling the memory
    if (formats.size > 50) formats.clear()
    formats.set(zone, format)
  }
  return format
}

/** Whether this is an IANA time zone name. An offset is not: it does not say when clocks change. */
export function isZone(name: string): boolean {
  if (!/^[a-z]/i.test(name)) return false
  try {
    formatOf(name)
    return true
  } catch {
    return false
  }
}

/** Reads an RFC 3339 date and time; NaN if invalid. Date has no leap seconds: one is read as the moment before it. */
export function readInstant(text: string): number {
  return Date.parse(text.replace(/^(.{16}):60(?:\.\d+)?/, '$1:59.999'))
}

/** The time that clocks in a zone show: "2024-01-15T11:00:00.000". */
export function wallTime(ms: number, zone: string): string {
  const part = Object.fromEntries(
    formatOf(zone)
      .formatToParts(ms)
      .map(({ type, value }) => [type, value]),
  )
  const millis = String(((ms % 1000) + 1000) % 1000).padStart(3, '0')
  return `${part['year']?.padStart(4, '0')}-${part['month']}-${part['day']}T${part['hour']}:${part['minute']}:${part['second']}.${millis}`
}

/** A wall time as an instant in UTC. ISO 8601 wants a sign before years from 10000 on, which begin early in the east. */
const readWall = (wall: string): number =>
  Date.parse(`${wall.replace(/^\d{5,}(?=-)/, (year) => `+${year.padStart(6, '0')}`)}Z`)

const dateOf = (wall: string): string => wall.replace(/T.*$/, '')

/**
 * The instant when clocks in a zone show "2024-01-15T11:00", or the start of a date; NaN if invalid. A time that is
 * skipped when clocks go forward is an hour later.
 */
export function instantOf(wall: string, zone: string): number {
  const shown = readWall(wall.includes('T') ? wall : `${wall}T00:00`)
  if (Number.isNaN(shown)) return shown
  const offsetAt = (ms: number) => readWall(wallTime(ms, zone)) - ms
  const guess = shown - offsetAt(shown)
  return shown - offsetAt(guess)
}

/** The start of the day, moved by a number of days. */
export function dayStart(ms: number, zone: string, days = 0): number {
  const date = new Date(readWall(`${dateOf(wallTime(ms, zone))}T00:00`))
  date.setUTCDate(date.getUTCDate() + days)
  return instantOf(dateOf(date.toISOString()), zone)
}

/** The parts of "2024-01-15 11:00:00", with milliseconds if there are any. */
export function timeText(ms: number, zone: string): { date: string; time: string; millis: string } {
  const wall = wallTime(ms, zone)
  // the year 10000 begins in the east while it is 9999 in UTC
  const [date = '', time = ''] = wall.split('T')
  return { date, time: time.slice(0, 8), millis: ms % 1000 === 0 ? '' : time.slice(8) }
}

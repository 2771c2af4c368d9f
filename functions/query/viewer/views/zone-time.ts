const formats = new Map<string, Intl.DateTimeFormat>()

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone)
  if (!format) {
    const date = { year: 'numeric', month: '2-digit', day: '2-digit' } as const
    const time = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, ...date, ...time })
    // a handful, and never as many as somebody can ask for
    if (formats.size > 50) formats.clear()
    formats.set(zone, format)
  }
  return format
}

/** A name of the IANA database. An offset is none: it does not know when clocks change. */
export function isZone(name: string): boolean {
  if (!/^[a-z]/i.test(name)) return false
  try {
    formatOf(name)
    return true
  } catch {
    return false
  }
}

/** Of an RFC 3339 date and time; NaN where it is none. A leap second, which Date has no place for, is the last moment before it. */
export function readInstant(text: string): number {
  return Date.parse(text.replace(/^(.{16}):60(?:\.\d+)?/, '$1:59.999'))
}

/** What clocks show in a time zone: "2024-01-15T11:00:00.000". */
export function wallTime(ms: number, zone: string): string {
  const part = Object.fromEntries(
    formatOf(zone)
      .formatToParts(ms)
      .map(({ type, value }) => [type, value]),
  )
  const millis = String(((ms % 1000) + 1000) % 1000).padStart(3, '0')
  return `${part['year']?.padStart(4, '0')}-${part['month']}-${part['day']}T${part['hour']}:${part['minute']}:${part['second']}.${millis}`
}

/** When clocks in a time zone show "2024-01-15T11:00" or only its date; NaN where it is none. What is skipped when clocks go forward is an hour later. */
export function instantOf(wall: string, zone: string): number {
  const shown = Date.parse(`${wall.length === 10 ? `${wall}T00:00` : wall}Z`)
  if (Number.isNaN(shown)) return shown
  const offsetAt = (ms: number) => Date.parse(`${wallTime(ms, zone)}Z`) - ms
  const guess = shown - offsetAt(shown)
  return shown - offsetAt(guess)
}

/** The beginning of the day, moved by a number of days. */
export function dayStart(ms: number, zone: string, days = 0): number {
  const date = new Date(`${wallTime(ms, zone).slice(0, 10)}T00:00Z`)
  date.setUTCDate(date.getUTCDate() + days)
  return instantOf(date.toISOString().slice(0, 10), zone)
}

/** "2024-01-15 11:00:00", with thousandths where there are some. */
export function timeText(ms: number, zone: string): { date: string; time: string; millis: string } {
  const wall = wallTime(ms, zone)
  return { date: wall.slice(0, 10), time: wall.slice(11, 19), millis: ms % 1000 === 0 ? '' : wall.slice(19) }
}

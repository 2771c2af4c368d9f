import { tzOffset } from '@date-fns/tz/tzOffset'

export type CalendarUnit = 'hour' | 'day' | 'month'

/** The key of the hour, day or month of an instant, and an instant up to which later ones have the same key. */
export type CalendarSpan = { key: string; endMs: number }

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/**
 * The hours, days or months of a time zone. An hour that is repeated when clocks are set back counts as two, told apart
 * by their offsets; days then have 23 or 25 hours. A span may end before its hour, day or month: when the offset
 * changes.
 */
export function calendarOf(unit: CalendarUnit, timezone: string): (ms: number) => CalendarSpan {
  const lookUp = (ms: number) => Math.round(withItsSign(tzOffset(timezone, new Date(ms))) * 60_000)
  const offsetAt = timezone === 'UTC' ? () => 0 : rememberedForADay(lookUp)

  function changeOfOffset(fromMs: number, toMs: number, offset: number): number {
    let [before, after] = [fromMs, toMs]
    while (after - before > 1) {
      const between = Math.floor((before + after) / 2)
      if (offsetAt(between) === offset) before = between
      else after = between
    }
    return after
  }

  return (ms) => {
    const offset = offsetAt(ms)
    const local = new Date(ms + offset)
    const endMs = endOf(unit, local) - offset
    const isWhole = offsetAt(endMs - 1) === offset
    return { key: keyOf(unit, local, offset), endMs: isWhole ? endMs : changeOfOffset(ms, endMs - 1, offset) }
  }
}

/**
 * The library takes -00:44:30, which Liberia had until 1972, for an offset to the east. No other time zone has had an
 * offset with seconds since 1970.
 */
const withItsSign = (minutes: number): number => (Number.isInteger(minutes) ? minutes : -Math.abs(minutes))

/** Looks an offset up twice a day, instead of for each hour: it changes at most once in a day. */
function rememberedForADay(lookUp: (ms: number) => number): (ms: number) => number {
  let known = { fromMs: 0, toMs: 0, offset: 0 }
  return (ms) => {
    if (ms >= known.fromMs && ms < known.toMs) return known.offset
    const offset = lookUp(ms)
    if (lookUp(ms + dayMs) === offset) known = { fromMs: ms, toMs: ms + dayMs, offset }
    return offset
  }
}

/** The start of a key's span; keys are in the order of their starts. */
export const startMs = (key: string) => Date.parse(key)

function endOf(unit: CalendarUnit, local: Date): number {
  if (unit === 'hour') return (Math.floor(local.getTime() / hourMs) + 1) * hourMs
  const [year, month, day] = [local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate()]
  return unit === 'day' ? Date.UTC(year, month, day + 1) : Date.UTC(year, month + 1)
}

const keyCharacters = { hour: 13, day: 10, month: 7 }

function keyOf(unit: CalendarUnit, local: Date, offset: number): string {
  const text = local.toISOString().slice(0, keyCharacters[unit])
  return unit === 'hour' ? `${text}:00:00${offsetText(offset)}` : text
}

function offsetText(offset: number): string {
  if (offset === 0) return 'Z'
  const minutes = Math.floor(Math.abs(offset) / 60_000)
  const two = (number: number) => String(number).padStart(2, '0')
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}

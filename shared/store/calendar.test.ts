import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type CalendarUnit, calendarOf } from './calendar.ts'

/** The spans from an instant on, with the minutes that each has left. */
function spans(unit: CalendarUnit, timezone: string, from: string, count: number): [string, number][] {
  const spanAt = calendarOf(unit, timezone)
  let at = Date.parse(from)
  return Array.from({ length: count }, () => {
    const { key, endMs } = spanAt(at)
    const minutes = (endMs - at) / 60_000
    at = endMs
    return [key, minutes]
  })
}

describe('hours', () => {
  test('have the offset of their time zone', () => {
    expect(spans('hour', 'Asia/Kolkata', '2024-01-15T10:45:00Z', 2)).toEqual([
      ['2024-01-15T16:00:00+05:30', 45],
      ['2024-01-15T17:00:00+05:30', 60],
    ])
  })

  test('in UTC have the offset Z', () => {
    expect(spans('hour', 'UTC', '2024-01-15T10:15:00Z', 1)).toEqual([['2024-01-15T10:00:00Z', 45]])
  })

  test('are one fewer when clocks are set forward', () => {
    expect(spans('hour', 'Europe/Berlin', '2024-03-31T00:00:00Z', 3)).toEqual([
      ['2024-03-31T01:00:00+01:00', 60],
      ['2024-03-31T03:00:00+02:00', 60],
      ['2024-03-31T04:00:00+02:00', 60],
    ])
  })

  test('are one more when clocks are set back, and the repeated one counts as two', () => {
    expect(spans('hour', 'Europe/Berlin', '2024-10-27T00:00:00Z', 3)).toEqual([
      ['2024-10-27T02:00:00+02:00', 60],
      ['2024-10-27T02:00:00+01:00', 60],
      ['2024-10-27T03:00:00+01:00', 60],
    ])
  })

  test('are split when clocks are set back by half an hour', () => {
    expect(spans('hour', 'Australia/Lord_Howe', '2024-04-06T14:00:00Z', 3)).toEqual([
      ['2024-04-07T01:00:00+11:00', 60],
      ['2024-04-07T01:00:00+10:30', 30],
      ['2024-04-07T02:00:00+10:30', 60],
    ])
  })
})

describe('days', () => {
  test('have 23 hours when clocks are set forward, and 25 when they are set back', () => {
    const hours = (from: string) => {
      const [first, second] = spans('day', 'America/New_York', from, 2)
      return [first![0], second![0], (first![1] + second![1]) / 60]
    }
    expect(hours('2024-03-10T05:00:00Z')).toEqual(['2024-03-10', '2024-03-10', 23])
    expect(hours('2024-11-03T04:00:00Z')).toEqual(['2024-11-03', '2024-11-03', 25])
  })

  test('begin later if midnight is skipped', () => {
    expect(spans('day', 'America/Sao_Paulo', '2018-11-04T02:59:00Z', 2)).toEqual([
      ['2018-11-03', 1],
      ['2018-11-04', 23 * 60],
    ])
  })

  test('begin after midnight in UTC west of it, even where the offset has seconds', () => {
    expect(spans('day', 'Africa/Monrovia', '1972-01-06T00:44:29Z', 2)).toEqual([
      ['1972-01-05', 1 / 60],
      ['1972-01-06', 1440],
    ])
  })

  test('may be skipped', () => {
    expect(spans('day', 'Pacific/Apia', '2011-12-29T10:00:00Z', 2)).toEqual([
      ['2011-12-29', 1440],
      ['2011-12-31', 1440],
    ])
  })
})

test('months end as the time zone says', () => {
  expect(spans('month', 'Asia/Tokyo', '2024-02-29T14:59:00Z', 2)).toEqual([
    ['2024-02', 1],
    ['2024-03', 31 * 1440],
  ])
})

test('every instant up to the end of a span has its key, and later ones have a later key', () => {
  const zones = [
    'UTC',
    'Europe/Berlin',
    'America/St_Johns',
    'Australia/Lord_Howe',
    'Africa/Casablanca',
    'Asia/Kathmandu',
  ]
  const instants = fc.integer({ min: 0, max: Date.UTC(2035, 0) })
  const units = fc.constantFrom<CalendarUnit>('hour', 'day', 'month')
  fc.assert(
    fc.property(
      units,
      fc.constantFrom(...zones),
      instants,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (unit, zone, ms, part) => {
        const spanAt = calendarOf(unit, zone)
        const { key, endMs } = spanAt(ms)
        expect(endMs).toBeGreaterThan(ms)
        expect(spanAt(Math.floor(ms + part * (endMs - 1 - ms))).key).toBe(key)
      },
    ),
    { numRuns: 500 },
  )
})
